/* SPDX-License-Identifier: ISC */
/* What the reader and the writer of PIDF-LO share. */
#ifndef WIRE_PIDF_INT_H
#define WIRE_PIDF_INT_H

#include "wire/pidf.h"

#define PIDF_NS "urn:ietf:params:xml:ns:pidf"
#define PIDF_NS_GEOPRIV PIDF_NS ":geopriv10"
#define PIDF_NS_CIVIC PIDF_NS ":geopriv10:civicAddr"
#define PIDF_NS_MODEL PIDF_NS ":data-model"
#define PIDF_NS_GML "http://www.opengis.net/gml"
#define PIDF_NS_SHAPE "http://www.opengis.net/pidflo/1.0"
/* WGS 84 without and with height, and metres (RFC 5491 5) */
#define PIDF_CRS_2D "urn:ogc:def:crs:EPSG::4326"
#define PIDF_CRS_3D "urn:ogc:def:crs:EPSG::4979"
#define PIDF_METRE "urn:ogc:def:uom:EPSG::9001"

extern const char *const pidf_method_name[PIDF_METHODS]; /* as registered; NULL for PIDF_METHOD_UNKNOWN */

#endif
