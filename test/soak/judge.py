# SPDX-License-Identifier: ISC
"""What is judged when all is at rest: the calls that were made, and what each process holds."""
import held
import net
import rules
from disturb import KILLED

REST_S = 35             # ports rest for 30 s after a call
FDS = 1                 # a question to ctl that is just being answered


def at_rest(exchange, calls, ports):
    """Only the lasting calls, no port in use besides theirs, and all phones of the churn gone."""
    try:
        net.wait_for("no other call", lambda: len(exchange.calls()) == calls, 60, step=0.5)
    except net.LabError as e:
        told = [(c["state"], c.get("age_ms"), c["packets_from"], c["packets_to"]) for c in exchange.calls()]
        raise net.LabError(f"{e}: {told}") from None
    net.wait_for("ports at rest", lambda: exchange.counter("media-ports") <= ports, REST_S + 30, step=1)


def judge_calls(soak, callers, others):
    check, killer = soak.check, others[0]
    for w in callers + others:
        check(w.broke is None and not w.is_alive(), f"{w.name} worked to the end" + (f": {w.broke!r}" if w.broke else ""))
    failed, killed = [f for w in callers for f in w.failed], soak.windows.names()
    made, talked = sum(w.made for w in callers), sum(w.talked for w in callers)
    _, reloader, junk, pulse, certificate = others
    print(f"{made} calls ({', '.join(f'{w.name} {w.made}' for w in callers)}), {sum(w.logins for w in callers)} logins, {len(killed)} kills, "
          f"{reloader.done} reloads, {junk.datagrams} datagrams, {junk.handshakes} half handshakes, {junk.messages} broken messages", flush=True)
    print(pulse.said(), flush=True)
    if certificate.broke is None:
        print(certificate.said(), flush=True)
    check(made > soak.seconds / 2 and talked > made / 3 and all(w.made > soak.seconds / 40 for w in callers),
          f"calls were made, {talked} with {sum(w.packets for w in callers)} packets of media")
    check(reloader.done > 2 and junk.messages > 0, "it was disturbed")
    judge_reloads(soak, reloader)
    missing = {*KILLED, *rules.WHOLE} - set(killed)
    check(not missing and killer.broke is None, "each was killed: " + (f"not {', '.join(sorted(missing))}" if missing else
          f"{len(KILLED)} processes, " + ", ".join(f"{name} {killed.count(name)} times" for name in rules.WHOLE)))
    excused = ", ".join(f"{sum(w.excused[why] for w in callers)} that {why}" for why in rules.EXCUSES)
    unheard = [f for w in callers for f in w.unheard]
    check(not failed, f"{len(failed)} calls failed besides {excused}" + "".join(f"\n        {f}" for f in failed + unheard))


def judge_reloads(soak, reloader):
    """While a process is away a reload may be refused, and at no other time."""
    wrong = [(since, why) for since, until, why in reloader.refused if not soak.windows.touch(since, until)]
    soak.check(not wrong, f"{len(wrong)} reloads were refused besides {len(reloader.refused) - len(wrong)} while a process was away"
               + "".join(f"\n        at {since - soak.start:.1f} s ({soak.windows.last(since)}): {why[:200]}" for since, why in wrong))


def judge_deaths(soak, killer):
    """What a process takes with each death of another, it takes until its own."""
    for name, (kb, fds), (kb2, fds2), deaths, calls in killer.outlived:
        if deaths == 0:
            continue
        grown, most = rules.grown_kb(kb, kb2), rules.may_grow_kb(name, calls, first=True)
        soak.check(grown <= most and not rules.leaks_descriptors(name, fds, fds2, deaths),
                   f"{name} outlived {deaths} deaths: {grown} kB more, at most {most:.0f} ({kb[0]} -> {kb2[0]} kB, mapped {kb[1]} -> {kb2[1]}) in "
                   f"{calls} calls; {fds} -> {fds2} descriptors")


def judge_kept(soak, before, after, calls):
    """Of each end, what is in the kernel and in files."""
    (kernel, files), (kernel2, files2) = before, after
    more = [f"{kind} {kernel.get(kind, 0)} -> {n}" for kind, n in kernel2.items() if n > kernel.get(kind, 0)]
    soak.check(not more, f"nothing is left in the kernel: {', '.join(more) or ', '.join(f'{n} {kind}' for kind, n in kernel2.items())}")
    grown = {f: n - files.get(f, 0) for f, n in files2.items()}
    wrong = [f"{f} {files.get(f, 0)} -> {files2[f]}" for f, n in sorted(grown.items()) if n > rules.may_grow_octets(f, calls)]
    most = sorted(grown.items(), key=lambda x: -x[1])[:4]
    soak.check(not wrong, f"no file grew but as it may in {calls} calls: {', '.join(wrong or (f'{f} by {n}' for f, n in most))}")


def judge_holds(soak, before, calls, seconds):
    x, check = soak.exchange, soak.check
    at_rest(x, soak.lasting.n, soak.ports)
    check(soak.lasting.stand(), "the lasting calls stand")
    check(x.counter("media-ports") <= soak.ports, "no port is kept besides theirs")
    after = held.holds(x)
    check(set(before) == set(after), "no process died but by this script")
    for key in sorted(set(before) & set(after)):
        (kb, fds), (kb2, fds2), name = before[key], after[key], key.split(":")[0]
        grown, most = rules.grown_kb(kb, kb2), rules.may_grow_kb(name, calls)
        check(grown <= most and fds2 <= soak.rest[name] + FDS,
              f"{name}: {grown} kB more, at most {most:.0f} ({kb[0]} -> {kb2[0]} kB, mapped {kb[1]} -> {kb2[1]}) in {calls} calls and "
              f"{seconds:.0f} s; {soak.rest[name]} descriptors at rest before all, {fds} in the churn, {fds2} at rest")
