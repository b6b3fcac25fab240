/* SPDX-License-Identifier: ISC */
/* National numbers, without the trunk prefix, and what they are. A range that is left out is premium: it may be anything. */
#include "plan/ranges.h"

#define TOLL_FREE NUMBER_TOLL_FREE
#define NATIONAL NUMBER_NATIONAL
#define MOBILE NUMBER_MOBILE
#define SHARED NUMBER_SHARED
#define PREMIUM NUMBER_PREMIUM
#define SATELLITE NUMBER_SATELLITE
#define ABROAD NUMBER_INTERNATIONAL
#define NONE NUMBER_UNKNOWN

/* clang-format off */

/* Area codes stand in codes.c; these are of no area. 976 within any area is premium too. */
const struct country_range range_nanp[] = {
    {"800", 10, 10, TOLL_FREE}, {"833", 10, 10, TOLL_FREE}, {"844", 10, 10, TOLL_FREE}, {"855", 10, 10, TOLL_FREE},
    {"866", 10, 10, TOLL_FREE}, {"877", 10, 10, TOLL_FREE}, {"888", 10, 10, TOLL_FREE},
    {"0", 0, 0, NONE}, {"1", 0, 0, NONE}, {"", 10, 10, PREMIUM},
    {NULL}};

/* Ofcom, National Telephone Numbering Plan. Guernsey, Jersey and Man share it and cost more. */
const struct country_range range_gb[] = {
    {"1", 9, 10, NATIONAL}, {"2", 10, 10, NATIONAL}, {"3", 10, 10, NATIONAL},
    {"1481", 10, 10, ABROAD, "gg"}, {"1534", 10, 10, ABROAD, "je"}, {"1624", 10, 10, ABROAD, "im"},
    {"55", 10, 10, SHARED}, {"56", 10, 10, SHARED}, {"5", 9, 10, PREMIUM}, {"500", 9, 9, TOLL_FREE},
    {"7", 10, 10, MOBILE}, {"70", 10, 10, PREMIUM}, {"76", 10, 10, PREMIUM},
    {"7781", 10, 10, ABROAD, "gg"}, {"7839", 10, 10, ABROAD, "gg"}, {"7911", 10, 10, ABROAD, "gg"},
    {"7509", 10, 10, ABROAD, "je"}, {"7700", 10, 10, ABROAD, "je"}, {"7797", 10, 10, ABROAD, "je"},
    {"7829", 10, 10, ABROAD, "je"}, {"7937", 10, 10, ABROAD, "je"},
    {"7524", 10, 10, ABROAD, "im"}, {"7624", 10, 10, ABROAD, "im"}, {"7924", 10, 10, ABROAD, "im"},
    {"800", 9, 10, TOLL_FREE}, {"8001111", 7, 7, TOLL_FREE}, {"808", 10, 10, TOLL_FREE},
    {"843", 10, 10, SHARED}, {"844", 10, 10, SHARED}, {"845", 7, 10, SHARED},
    {"870", 10, 10, SHARED}, {"871", 10, 10, SHARED}, {"872", 10, 10, SHARED}, {"873", 10, 10, SHARED},
    {"0", 0, 0, NONE}, {"", 10, 10, PREMIUM},
    {NULL}};

/* Arcep, plan national de numérotation. 0262 and the like are dialled as national and are countries of their own. */
const struct country_range range_fr[] = {
    {"1", 9, 9, NATIONAL}, {"2", 9, 9, NATIONAL}, {"3", 9, 9, NATIONAL}, {"4", 9, 9, NATIONAL}, {"5", 9, 9, NATIONAL},
    {"6", 9, 9, MOBILE}, {"7", 9, 9, MOBILE}, {"700", 9, 13, PREMIUM}, {"70", 9, 9, PREMIUM},
    {"71", 9, 9, PREMIUM}, {"72", 9, 9, PREMIUM},
    {"262", 9, 9, ABROAD, NULL, "262"}, {"263", 9, 9, ABROAD, NULL, "262"}, {"692", 9, 9, ABROAD, NULL, "262"},
    {"693", 9, 9, ABROAD, NULL, "262"}, {"269", 9, 9, ABROAD, NULL, "262"}, {"639", 9, 9, ABROAD, NULL, "262"},
    {"590", 9, 9, ABROAD, NULL, "590"}, {"690", 9, 9, ABROAD, NULL, "590"}, {"691", 9, 9, ABROAD, NULL, "590"},
    {"594", 9, 9, ABROAD, NULL, "594"}, {"694", 9, 9, ABROAD, NULL, "594"},
    {"596", 9, 9, ABROAD, NULL, "596"}, {"696", 9, 9, ABROAD, NULL, "596"}, {"697", 9, 9, ABROAD, NULL, "596"},
    {"80", 9, 9, TOLL_FREE}, {"806", 9, 9, SHARED}, {"807", 9, 9, SHARED}, {"808", 9, 9, SHARED}, {"809", 9, 9, SHARED},
    {"81", 9, 9, SHARED}, {"82", 9, 9, SHARED}, {"9", 9, 9, NATIONAL}, {"976", 9, 9, PREMIUM},
    {"0", 0, 0, NONE}, {"", 9, 9, PREMIUM},
    {NULL}};

/* BNetzA, Nummernraum für das öffentliche Telefonnetz. 010 chooses a carrier. */
const struct country_range range_de[] = {
    {"2", 5, 12, NATIONAL}, {"3", 5, 12, NATIONAL}, {"4", 5, 12, NATIONAL}, {"5", 5, 12, NATIONAL},
    {"6", 5, 12, NATIONAL}, {"7", 5, 12, NATIONAL}, {"8", 5, 12, NATIONAL}, {"9", 5, 12, NATIONAL},
    {"31", 3, 12, PREMIUM}, {"32", 9, 12, NATIONAL},
    {"15", 10, 11, MOBILE}, {"160", 10, 11, MOBILE}, {"162", 10, 11, MOBILE}, {"163", 10, 11, MOBILE}, {"17", 10, 11, MOBILE},
    {"180", 7, 11, SHARED}, {"700", 9, 12, SHARED}, {"800", 9, 12, TOLL_FREE},
    {"900", 9, 12, PREMIUM}, {"10", 0, 0, NONE}, {"11", 0, 0, NONE}, {"0", 0, 0, NONE}, {"", 5, 14, PREMIUM},
    {NULL}};

/* BAKOM, E.164-Nummernplan; 107 chooses a carrier. */
const struct country_range range_ch[] = {
    {"2", 9, 9, NATIONAL}, {"3", 9, 9, NATIONAL}, {"4", 9, 9, NATIONAL}, {"5", 9, 9, NATIONAL}, {"6", 9, 9, NATIONAL},
    {"71", 9, 9, NATIONAL}, {"75", 9, 9, MOBILE}, {"76", 9, 9, MOBILE}, {"77", 9, 9, MOBILE}, {"78", 9, 9, MOBILE},
    {"79", 9, 9, MOBILE}, {"81", 9, 9, NATIONAL}, {"91", 9, 9, NATIONAL},
    {"800", 9, 9, TOLL_FREE}, {"840", 9, 9, SHARED}, {"842", 9, 9, SHARED}, {"844", 9, 9, SHARED}, {"848", 9, 9, SHARED},
    {"878", 9, 9, SHARED}, {"10", 0, 0, NONE}, {"0", 0, 0, NONE}, {"", 9, 12, PREMIUM},
    {NULL}};

/* RTR, KEM-V; 10 chooses a carrier. */
const struct country_range range_at[] = {
    {"1", 4, 13, NATIONAL}, {"2", 6, 13, NATIONAL}, {"3", 6, 13, NATIONAL}, {"4", 6, 13, NATIONAL}, {"5", 5, 13, NATIONAL},
    {"6", 6, 13, NATIONAL}, {"65", 9, 13, MOBILE}, {"66", 9, 13, MOBILE}, {"662", 6, 13, NATIONAL}, {"67", 9, 13, MOBILE},
    {"68", 9, 13, MOBILE}, {"69", 9, 13, MOBILE}, {"7", 6, 13, NATIONAL}, {"71", 6, 13, PREMIUM}, {"730", 6, 13, PREMIUM},
    {"740", 6, 13, PREMIUM}, {"800", 9, 13, TOLL_FREE}, {"810", 9, 13, SHARED}, {"820", 9, 13, SHARED},
    {"821", 9, 13, SHARED}, {"10", 0, 0, NONE}, {"0", 0, 0, NONE}, {"", 5, 13, PREMIUM},
    {NULL}};

/* BIPT */
const struct country_range range_be[] = {
    {"1", 8, 8, NATIONAL}, {"2", 8, 8, NATIONAL}, {"3", 8, 8, NATIONAL}, {"42", 8, 8, NATIONAL}, {"43", 8, 8, NATIONAL},
    {"45", 9, 9, MOBILE}, {"46", 9, 9, MOBILE}, {"47", 9, 9, MOBILE}, {"48", 9, 9, MOBILE}, {"49", 9, 9, MOBILE},
    {"5", 8, 8, NATIONAL}, {"6", 8, 8, NATIONAL}, {"71", 8, 8, NATIONAL}, {"70", 8, 8, SHARED}, {"78", 8, 8, SHARED},
    {"8", 8, 8, NATIONAL}, {"800", 8, 8, TOLL_FREE}, {"9", 8, 8, NATIONAL}, {"90", 8, 8, PREMIUM},
    {"0", 0, 0, NONE}, {"", 8, 10, PREMIUM},
    {NULL}};

/* ACM, Nummerplan telefoon- en ISDN-diensten */
const struct country_range range_nl[] = {
    {"1", 9, 9, NATIONAL}, {"14", 0, 0, NONE}, {"2", 9, 9, NATIONAL}, {"3", 9, 9, NATIONAL}, {"4", 9, 9, NATIONAL},
    {"5", 9, 9, NATIONAL}, {"6", 9, 9, MOBILE}, {"66", 9, 9, PREMIUM}, {"67", 9, 9, PREMIUM}, {"7", 9, 9, NATIONAL},
    {"800", 7, 10, TOLL_FREE}, {"82", 9, 9, SHARED}, {"84", 9, 9, SHARED}, {"85", 9, 9, NATIONAL}, {"87", 9, 9, SHARED},
    {"88", 9, 9, NATIONAL}, {"91", 9, 9, NATIONAL}, {"900", 7, 10, PREMIUM}, {"906", 7, 10, PREMIUM},
    {"909", 7, 10, PREMIUM}, {"0", 0, 0, NONE}, {"", 7, 11, PREMIUM},
    {NULL}};

/* AGCOM; the leading 0 of an area belongs to the number, and 10 chooses a carrier. */
const struct country_range range_it[] = {
    {"0", 6, 11, NATIONAL}, {"00", 0, 0, NONE}, {"3", 9, 10, MOBILE}, {"31", 9, 11, PREMIUM}, {"5", 8, 10, PREMIUM},
    {"55", 9, 10, NATIONAL}, {"800", 6, 9, TOLL_FREE}, {"803", 6, 9, TOLL_FREE}, {"84", 6, 9, SHARED}, {"178", 6, 12, SHARED},
    {"199", 6, 9, SHARED}, {"10", 0, 0, NONE}, {"", 5, 12, PREMIUM},
    {NULL}};

/* CNMC, plan nacional de numeración telefónica; 10 chooses a carrier. */
const struct country_range range_es[] = {
    {"6", 9, 9, MOBILE}, {"71", 9, 9, MOBILE}, {"72", 9, 9, MOBILE}, {"73", 9, 9, MOBILE}, {"74", 9, 9, MOBILE},
    {"8", 9, 9, NATIONAL}, {"9", 9, 9, NATIONAL}, {"51", 9, 9, NATIONAL},
    {"80", 9, 9, PREMIUM}, {"89", 9, 9, PREMIUM}, {"90", 9, 9, PREMIUM}, {"99", 9, 9, PREMIUM},
    {"800", 9, 9, TOLL_FREE}, {"900", 9, 9, TOLL_FREE}, {"901", 9, 9, SHARED}, {"902", 9, 9, SHARED},
    {"10", 0, 0, NONE}, {"0", 0, 0, NONE}, {"", 9, 9, PREMIUM},
    {NULL}};

/* ComReg, National Numbering Conventions. 1800 and the like stand without a 0, and (01) 800 xxxx is in Dublin. */
const struct country_range range_ie[] = {
    {"1", 8, 8, NATIONAL}, {"2", 7, 9, NATIONAL}, {"4", 7, 9, NATIONAL}, {"5", 7, 9, NATIONAL}, {"6", 7, 9, NATIONAL},
    {"7", 7, 9, NATIONAL}, {"700", 7, 9, PREMIUM}, {"9", 7, 9, NATIONAL},
    {"83", 9, 9, MOBILE}, {"85", 9, 9, MOBILE}, {"86", 9, 9, MOBILE}, {"87", 9, 9, MOBILE}, {"88", 9, 9, MOBILE},
    {"89", 9, 9, MOBILE}, {"818", 9, 9, SHARED}, {"76", 9, 9, SHARED},
    {"1800", 8, 8, NATIONAL}, {"1800", 10, 10, TOLL_FREE, .direct = true},
    {"1850", 8, 8, NATIONAL}, {"1850", 10, 10, SHARED, .direct = true},
    {"1890", 8, 8, NATIONAL}, {"1890", 10, 10, SHARED, .direct = true},
    {"15", 8, 8, NATIONAL}, {"15", 10, 10, PREMIUM, .direct = true},
    {"13", 0, 0, NONE}, {"0", 0, 0, NONE}, {"", 7, 10, PREMIUM},
    {NULL}};

/* ACMA, Telecommunications Numbering Plan. 13, 1300, 18, 1800 and 19 stand without a 0. */
const struct country_range range_au[] = {
    {"2", 9, 9, NATIONAL}, {"3", 9, 9, NATIONAL}, {"7", 9, 9, NATIONAL}, {"8", 9, 9, NATIONAL}, {"4", 9, 9, MOBILE},
    {"550", 9, 9, NATIONAL}, {"147", 9, 9, SATELLITE},
    {"180", 7, 7, TOLL_FREE, .direct = true}, {"1800", 10, 10, TOLL_FREE, .direct = true},
    {"13", 6, 6, SHARED, .direct = true}, {"1300", 10, 10, SHARED, .direct = true},
    {"19", 6, 10, PREMIUM, .direct = true}, {"0", 0, 0, NONE}, {"", 6, 10, PREMIUM},
    {NULL}};

/* MIC, Telecommunications Numbering Plan; 00xy chooses a carrier. */
const struct country_range range_jp[] = {
    {"1", 9, 9, NATIONAL}, {"2", 9, 9, NATIONAL}, {"3", 9, 9, NATIONAL}, {"4", 9, 9, NATIONAL}, {"5", 9, 9, NATIONAL},
    {"6", 9, 9, NATIONAL}, {"7", 9, 9, NATIONAL}, {"8", 9, 9, NATIONAL}, {"9", 9, 9, NATIONAL},
    {"50", 10, 10, NATIONAL}, {"70", 10, 10, MOBILE}, {"80", 10, 10, MOBILE}, {"90", 10, 10, MOBILE},
    {"20", 10, 10, PREMIUM}, {"60", 10, 10, PREMIUM}, {"120", 9, 9, TOLL_FREE}, {"800", 10, 10, TOLL_FREE},
    {"570", 9, 9, SHARED}, {"990", 9, 9, PREMIUM}, {"180", 9, 9, PREMIUM}, {"170", 9, 9, PREMIUM},
    {"0", 0, 0, NONE}, {"", 9, 10, PREMIUM},
    {NULL}};

/* 116xxx: harmonised services of social value in Europe */
#define EUROPEAN {"116000", 6, 6, TOLL_FREE}, {"116006", 6, 6, TOLL_FREE}, {"116111", 6, 6, TOLL_FREE}, \
	{"116117", 6, 6, TOLL_FREE}, {"116123", 6, 6, TOLL_FREE}

const struct country_short short_nanp[] = {
    {"211", 3, 3, TOLL_FREE}, {"311", 3, 3, TOLL_FREE}, {"511", 3, 3, TOLL_FREE}, {"711", 3, 3, TOLL_FREE},
    {"811", 3, 3, TOLL_FREE}, {"988", 3, 3, TOLL_FREE}, {"411", 3, 3, PREMIUM}, {NULL}};
const struct country_short short_gb[] = {
    EUROPEAN, {"101", 3, 3, SHARED}, {"105", 3, 3, TOLL_FREE}, {"111", 3, 3, TOLL_FREE}, {"118", 6, 6, PREMIUM}, {NULL}};
const struct country_short short_fr[] = {
    EUROPEAN, {"115", 3, 3, TOLL_FREE}, {"119", 3, 3, TOLL_FREE}, {"191", 3, 3, TOLL_FREE}, {"196", 3, 3, TOLL_FREE},
    {"118", 6, 6, PREMIUM}, {"3", 4, 4, PREMIUM}, {"30", 4, 4, TOLL_FREE}, {"31", 4, 4, TOLL_FREE}, {NULL}};
const struct country_short short_de[] = {
    EUROPEAN, {"115", 3, 3, SHARED}, {"118", 5, 6, PREMIUM}, {NULL}};
const struct country_short short_ch[] = {
    EUROPEAN, {"143", 3, 3, TOLL_FREE}, {"145", 3, 3, TOLL_FREE}, {"147", 3, 3, TOLL_FREE}, {"1414", 4, 4, SHARED},
    {"18", 4, 4, PREMIUM}, {NULL}};
const struct country_short short_at[] = {
    EUROPEAN, {"141", 3, 3, TOLL_FREE}, {"142", 3, 3, TOLL_FREE}, {"147", 3, 3, TOLL_FREE}, {"118", 6, 6, PREMIUM}, {NULL}};
const struct country_short short_be[] = {
    EUROPEAN, {"102", 3, 3, TOLL_FREE}, {"103", 3, 3, TOLL_FREE}, {"106", 3, 3, TOLL_FREE}, {"107", 3, 3, TOLL_FREE},
    {"1733", 4, 4, SHARED}, {NULL}};
const struct country_short short_nl[] = {
    EUROPEAN, {"113", 3, 3, TOLL_FREE}, {"14", 4, 6, SHARED}, {"18", 4, 4, PREMIUM}, {NULL}};
const struct country_short short_it[] = {
    EUROPEAN, {"114", 3, 3, TOLL_FREE}, {"117", 3, 3, TOLL_FREE}, {"1500", 4, 4, TOLL_FREE}, {"1522", 4, 4, TOLL_FREE},
    {"12", 4, 4, PREMIUM}, {NULL}};
const struct country_short short_es[] = {
    EUROPEAN, {"016", 3, 3, TOLL_FREE}, {"024", 3, 3, TOLL_FREE}, {"062", 3, 3, TOLL_FREE}, {"080", 3, 3, TOLL_FREE},
    {"010", 3, 3, SHARED}, {"118", 5, 5, PREMIUM}, {NULL}};
const struct country_short short_ie[] = {
    EUROPEAN, {"118", 5, 5, PREMIUM}, {NULL}};
const struct country_short short_au[] = {
    {"1194", 4, 4, SHARED}, {"1223", 4, 4, TOLL_FREE}, {"12", 4, 8, PREMIUM}, {NULL}};
const struct country_short short_jp[] = {
    {"104", 3, 3, PREMIUM}, {"115", 3, 3, SHARED}, {"117", 3, 3, SHARED}, {"171", 3, 3, SHARED}, {"177", 3, 3, SHARED}, {NULL}};
