# SPDX-License-Identifier: ISC
"""R16: what lib/wire writes of a place is a PIDF-LO document (RFC 4119, RFC 5139, RFC 5491), read here by another parser."""
import os
import subprocess
import xml.etree.ElementTree as ET

import pytest

SHOW = os.environ["PIDF_SHOW"]
PIDF = "{urn:ietf:params:xml:ns:pidf}"
GEOPRIV = "{urn:ietf:params:xml:ns:pidf:geopriv10}"
CIVIC = "{urn:ietf:params:xml:ns:pidf:geopriv10:civicAddr}"
HOME = {"country": "GB", "A1": "England", "A3": "London", "RD": "Baker Street", "HNO": "221B", "FLR": "1", "ROOM": "12",
        "PC": "NW1 6XE"}
# RFC 5139 4, the whole sequence
SCHEMA = ("country A1 A2 A3 A4 A5 A6 PRM PRD RD STS POD POM RDSEC RDBR RDSUBBR HNO HNS LMK LOC FLR NAM PC BLD UNIT ROOM SEAT PLC "
          "PCN POBOX ADDCODE").split()


def show(address, user="101", domain="example.org", wall_ms=0):
    done = subprocess.run([SHOW, user, domain, str(wall_ms), *[f"{k}={v}" for k, v in address.items()]], capture_output=True,
                          timeout=10, check=False)
    assert done.returncode in (0, 1), done
    return ET.fromstring(done.stdout) if done.returncode == 0 else None


def address_of(root):
    return {e.tag.removeprefix(CIVIC): e.text for e in root.iter() if e.tag.startswith(CIVIC) and e.text}


def test_the_shape_is_that_of_rfc_4119():
    root = show(HOME, wall_ms=1700000000000)
    assert root.tag == PIDF + "presence" and root.get("entity") == "pres:101@example.org"
    [entry] = root
    assert entry.tag == PIDF + "tuple" and entry.get("id")
    assert [e.tag for e in entry] == [PIDF + "status", PIDF + "timestamp"]
    assert entry.find(PIDF + "timestamp").text == "2023-11-14T22:13:20Z"
    [geopriv] = entry.find(PIDF + "status")
    assert [e.tag for e in geopriv] == [GEOPRIV + n for n in ("location-info", "usage-rules", "method")]
    assert geopriv.find(GEOPRIV + "method").text == "Manual"
    [civic] = geopriv.find(GEOPRIV + "location-info")
    assert civic.tag == CIVIC + "civicAddress"
    assert address_of(root) == HOME
    assert show(HOME).find(f".//{PIDF}timestamp") is None


def test_a_word_for_people_stands_where_rfc_3863_has_it():
    [entry] = show(HOME | {"note": "moved & <lost>"}, wall_ms=1700000000000)
    assert [e.tag for e in entry] == [PIDF + "status", PIDF + "note", PIDF + "timestamp"]
    note = entry.find(PIDF + "note")
    assert note.text == "moved & <lost>" and note.get("{http://www.w3.org/XML/1998/namespace}lang") == "en"
    assert show(HOME).find(f".//{PIDF}note") is None
    assert show(HOME | {"note": "a\x01b"}) is None


def test_elements_stand_in_the_order_of_the_schema():
    every = {name: f"v{i}" if i else "DE" for i, name in enumerate(SCHEMA)}
    root = show(dict(reversed(every.items())))
    assert [e.tag.removeprefix(CIVIC) for e in root.find(f".//{CIVIC}civicAddress")] == SCHEMA
    assert address_of(root) == every


POINT = """<presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:g="urn:ietf:params:xml:ns:pidf:geopriv10" xmlns:gml="http://www.opengis.net/gml"
 xmlns:gs="http://www.opengis.net/pidflo/1.0" xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model" entity="pres:mallory@elsewhere.example">
 <dm:device id="d"><g:geopriv><g:location-info>%s</g:location-info><g:usage-rules/><g:method>GPS</g:method></g:geopriv>
 <dm:timestamp>2026-11-27T12:00:00+01:00</dm:timestamp></dm:device></presence>"""
GML, SHAPE = "{http://www.opengis.net/gml}", "{http://www.opengis.net/pidflo/1.0}"


def again(tmp_path, text):
    """The place that is read of the document, as our own writer has it."""
    with open(tmp_path / "said.xml", "w", encoding="utf-8") as f:
        f.write(text)
    done = subprocess.run([SHOW, tmp_path / "said.xml"], capture_output=True, timeout=10, check=False)
    return ET.fromstring(done.stdout) if done.returncode == 0 else None


def test_a_circle_is_written_anew(tmp_path):
    root = again(tmp_path, POINT % """<gs:Circle srsName="urn:ogc:def:crs:EPSG::4326"><gml:pos> 42.5463\n-73.25120 </gml:pos>
        <gs:radius uom="urn:ogc:def:uom:EPSG::9001">850.24</gs:radius></gs:Circle>""")
    circle = root.find(f".//{GEOPRIV}location-info")[0]
    assert circle.tag == SHAPE + "Circle" and circle.get("srsName") == "urn:ogc:def:crs:EPSG::4326"
    assert [(e.tag, e.text) for e in circle] == [(GML + "pos", "42.5463 -73.2512"), (SHAPE + "radius", "850.24")]
    assert circle[1].get("uom") == "urn:ogc:def:uom:EPSG::9001"
    assert root.findtext(f".//{GEOPRIV}method") == "GPS" and root.findtext(f".//{PIDF}timestamp") == "2026-11-27T11:00:00Z"
    assert root.get("entity") == "pres:101@example.org"     # whose it is, we know


def test_a_point_with_its_height_is_written_anew(tmp_path):
    root = again(tmp_path, POINT % """<gml:Point srsName="urn:ogc:def:crs:EPSG::4979"><gml:pos>-34.407242 150.882518 34</gml:pos></gml:Point>""")
    [point] = root.find(f".//{GEOPRIV}location-info")
    assert point.tag == GML + "Point" and point.get("srsName").endswith("4979")
    assert point.findtext(GML + "pos") == "-34.407242 150.882518 34"


def test_nothing_is_fetched_and_nothing_grows(tmp_path):
    for dtd in ('<!DOCTYPE p SYSTEM "file:///etc/passwd">', '<!DOCTYPE p [<!ENTITY a "b">]>',
                '<!DOCTYPE p [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'):
        assert again(tmp_path, dtd + POINT % "&b;") is None


@pytest.mark.parametrize("value", ["<a/>", "a&b", "]]>", "\"'", "&amp;", "Stra\u00dfe", "\u65e5\u672c", "\U0001f3e0", "a" * 256])
def test_text_stays_text(value):
    assert address_of(show(HOME | {"RD": value}))["RD"] == value


@pytest.mark.parametrize("user,entity", [("a.b_c~d", "a.b_c~d"), ("#1", "%231"), ("a\"b", "a%22b"), ("*21*", "*21*"), ("+4930", "+4930")])
def test_whose_it_is_is_a_uri(user, entity):
    assert show(HOME, user=user).get("entity") == f"pres:{entity}@example.org"


@pytest.mark.parametrize("address", [{}, {"country": "gb"}, {"country": "GBR"}, {"country": ""}, HOME | {"city": "x"},
                                     HOME | {"RD": "a\nb"}, HOME | {"RD": "a\x7fb"}, HOME | {"RD": "\uffff"}, HOME | {"RD": "a" * 257},
                                     {k: "x" * 256 if k != "country" else "DE" for k in SCHEMA}])
def test_what_it_may_not_hold_is_refused(address):
    assert show(address) is None
