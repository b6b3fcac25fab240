# Everything is built by Meson; these are names for what people run.
.PHONY: build demo bench deb fuzz soak format tidy

build/build.ninja:
	dist/install build run
	meson setup build --buildtype=release

build: build/build.ninja
	ninja -C build --quiet

demo: # two real phones, a listener on the wire, three uninvited ones
	@demo/run

bench: build # all that has a budget, against its peers; BENCH="NAME..." for some; keeps the table of bench/results.md
	dist/install lab bench
	bench/all $(BENCH)

deb: # the Debian package, in build/deb
	dist/deb

fuzz: # each fuzzer for SECONDS (60)
	fuzz/run $(SECONDS)

soak: build # calls, kills, reloads and junk for SECONDS (600); root
	dist/install lab
	test/soak/run $(SECONDS)

format: # lay out the C sources
	dist/format

build-check/clang/build.ninja:
	CC=clang meson setup build-check/clang --buildtype=debugoptimized

tidy: build-check/clang/build.ninja # clang-tidy over the exchange and its command
	ninja -C build-check/clang --quiet
	dist/tidy build-check/clang
