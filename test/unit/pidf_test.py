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


@pytest.mark.parametrize("value", ["<a/>", "a&b", "]]>", "\"'", "&amp;", "Stra\u00dfe", "\u65e5\u672c", "\U0001f3e0", "a" * 256])
def test_text_stays_text(value):
    assert address_of(show(HOME | {"RD": value}))["RD"] == value


@pytest.mark.parametrize("user,entity", [("a.b_c~d", "a.b_c~d"), ("#1", "%231"), ("a\"b", "a%22b"), ("*21*", "*21*"), ("+4930", "+4930")])
def test_whose_it_is_is_a_uri(user, entity):
    assert show(HOME, user=user).get("entity") == f"pres:{entity}@example.org"


@pytest.mark.parametrize("address", [{}, {"A3": "London"}, {"country": "gb"}, {"country": "GBR"}, {"country": ""}, HOME | {"city": "x"},
                                     HOME | {"RD": "a\nb"}, HOME | {"RD": "a\x7fb"}, HOME | {"RD": "\uffff"}, HOME | {"RD": "a" * 257},
                                     {k: "x" * 256 if k != "country" else "DE" for k in SCHEMA}])
def test_what_it_may_not_hold_is_refused(address):
    assert show(address) is None
