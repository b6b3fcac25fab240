/* SPDX-License-Identifier: ISC */
#include "audio/tone.h"

/* clang-format off */
#define ON(ms, ...) {{__VA_ARGS__}, ms}
#define OFF(ms) {{0}, ms}
#define FOR_EVER 1000 /* whole periods of every whole frequency */
#define SIT(f) ON(330, f), ON(330, 1400), ON(330, 1800), OFF(1000)
#define WARNING ON(500, 1400), OFF(500)

/* Where a country names no hold tone: two short beeps of its own pitch, every ten seconds. */
#define HELD(f) ON(150, f), OFF(150), ON(150, f), OFF(9550)

const struct tone_country tone_country[TONE_COUNTRIES] = {
    {"us", {
	[TONE_DIAL] = {{ON(FOR_EVER, 350, 440)}},
	[TONE_RINGBACK] = {{ON(2000, 440, 480), OFF(4000)}},
	[TONE_BUSY] = {{ON(500, 480, 620), OFF(500)}},
	[TONE_CONGESTION] = {{ON(250, 480, 620), OFF(250)}},
	[TONE_SPECIAL] = {{SIT(950)}},
	[TONE_WARNING] = {{WARNING}},
	[TONE_HOLD] = {{HELD(440)}}}},
    {"gb", {
	[TONE_DIAL] = {{ON(FOR_EVER, 350, 440)}},
	[TONE_RINGBACK] = {{ON(400, 400, 450), OFF(200), ON(400, 400, 450), OFF(2000)}},
	[TONE_BUSY] = {{ON(375, 400), OFF(375)}},
	[TONE_CONGESTION] = {{ON(400, 400), OFF(350), ON(225, 400), OFF(525)}},
	[TONE_SPECIAL] = {{SIT(950)}},
	[TONE_WARNING] = {{WARNING}},
	[TONE_HOLD] = {{HELD(400)}}}},
    {"fr", {
	[TONE_DIAL] = {{ON(FOR_EVER, 440)}},
	[TONE_RINGBACK] = {{ON(1500, 440), OFF(3500)}},
	[TONE_BUSY] = {{ON(500, 440), OFF(500)}},
	[TONE_CONGESTION] = {{ON(250, 440), OFF(250)}},
	[TONE_SPECIAL] = {{SIT(950)}},
	[TONE_WARNING] = {{WARNING}},
	[TONE_HOLD] = {{HELD(440)}}}},
    {"de", {
	[TONE_DIAL] = {{ON(FOR_EVER, 425)}},
	[TONE_RINGBACK] = {{ON(1000, 425), OFF(4000)}},
	[TONE_BUSY] = {{ON(480, 425), OFF(480)}},
	[TONE_CONGESTION] = {{ON(240, 425), OFF(240)}},
	[TONE_SPECIAL] = {{SIT(950)}},
	[TONE_WARNING] = {{WARNING}},
	[TONE_HOLD] = {{HELD(425)}}}},
    {"ch", {
	[TONE_DIAL] = {{ON(FOR_EVER, 425)}},
	[TONE_RINGBACK] = {{ON(1000, 425), OFF(4000)}},
	[TONE_BUSY] = {{ON(500, 425), OFF(500)}},
	[TONE_CONGESTION] = {{ON(200, 425), OFF(200)}},
	[TONE_SPECIAL] = {{SIT(950)}},
	[TONE_WARNING] = {{WARNING}},
	[TONE_HOLD] = {{HELD(425)}}}},
    {"at", {
	[TONE_DIAL] = {{ON(FOR_EVER, 420)}},
	[TONE_RINGBACK] = {{ON(1000, 420), OFF(5000)}},
	[TONE_BUSY] = {{ON(400, 420), OFF(400)}},
	[TONE_CONGESTION] = {{ON(200, 420), OFF(200)}},
	[TONE_SPECIAL] = {{SIT(950)}},
	[TONE_WARNING] = {{WARNING}},
	[TONE_HOLD] = {{HELD(420)}}}},
    {"be", {
	[TONE_DIAL] = {{ON(FOR_EVER, 425)}},
	[TONE_RINGBACK] = {{ON(1000, 425), OFF(3000)}},
	[TONE_BUSY] = {{ON(500, 425), OFF(500)}},
	[TONE_CONGESTION] = {{ON(167, 425), OFF(167)}},
	[TONE_SPECIAL] = {{SIT(900)}},
	[TONE_WARNING] = {{WARNING}},
	[TONE_HOLD] = {{HELD(425)}}}},
    {"nl", {
	[TONE_DIAL] = {{ON(FOR_EVER, 425)}},
	[TONE_RINGBACK] = {{ON(1000, 425), OFF(4000)}},
	[TONE_BUSY] = {{ON(500, 425), OFF(500)}},
	[TONE_CONGESTION] = {{ON(250, 425), OFF(250)}},
	[TONE_SPECIAL] = {{SIT(950)}},
	[TONE_WARNING] = {{WARNING}},
	[TONE_HOLD] = {{HELD(425)}}}},
    {"it", {
	[TONE_DIAL] = {{ON(200, 425), OFF(200), ON(600, 425), OFF(1000)}},
	[TONE_RINGBACK] = {{ON(1000, 425), OFF(4000)}},
	[TONE_BUSY] = {{ON(500, 425), OFF(500)}},
	[TONE_CONGESTION] = {{ON(200, 425), OFF(200)}},
	[TONE_SPECIAL] = {{SIT(950)}},
	[TONE_WARNING] = {{WARNING}},
	[TONE_HOLD] = {{HELD(425)}}}},
    {"es", {
	[TONE_DIAL] = {{ON(FOR_EVER, 425)}},
	[TONE_RINGBACK] = {{ON(1500, 425), OFF(3000)}},
	[TONE_BUSY] = {{ON(200, 425), OFF(200)}},
	[TONE_CONGESTION] = {{ON(200, 425), OFF(200), ON(200, 425), OFF(200), ON(200, 425), OFF(600)}},
	[TONE_SPECIAL] = {{SIT(950)}},
	[TONE_WARNING] = {{WARNING}},
	[TONE_HOLD] = {{HELD(425)}}}},
    {"au", {
	[TONE_DIAL] = {{ON(FOR_EVER, 400, 425, 450)}},
	[TONE_RINGBACK] = {{ON(400, 400, 425, 450), OFF(200), ON(400, 400, 425, 450), OFF(2000)}},
	[TONE_BUSY] = {{ON(375, 425), OFF(375)}},
	[TONE_CONGESTION] = {{ON(375, 425), OFF(375)}},
	[TONE_SPECIAL] = {{SIT(950)}},
	[TONE_WARNING] = {{WARNING}},
	[TONE_HOLD] = {{HELD(425)}}}},
    {"jp", {
	[TONE_DIAL] = {{ON(FOR_EVER, 400)}},
	[TONE_RINGBACK] = {{ON(1000, 384, 400, 416), OFF(2000)}},
	[TONE_BUSY] = {{ON(500, 400), OFF(500)}},
	[TONE_CONGESTION] = {{ON(500, 400), OFF(500)}},
	[TONE_SPECIAL] = {{SIT(950)}},
	[TONE_WARNING] = {{WARNING}},
	[TONE_HOLD] = {{HELD(400)}}}},
};
/* clang-format on */
