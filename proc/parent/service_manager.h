/* SPDX-License-Identifier: ISC */
/* What systemd is told, where it started us: sd_notify(3) without its library. Nothing happens where it did not. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

/* Reads NOTIFY_SOCKET and WATCHDOG_USEC, once. */
void service_manager_init(void);
bool service_manager_is_there(void);
void service_manager_ready(void);
void service_manager_stopping(void);
/* Tells that we live, when a third of what the watchdog grants is over; what could not be told is told again soon. */
void service_manager_turn(uint64_t now_ms);
/* When the next word is due; UINT64_MAX without a watchdog. */
uint64_t service_manager_next_ms(void);
