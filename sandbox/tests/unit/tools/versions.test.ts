import * as assert from "node:assert/strict";
import { goProblem, linkerFlags } from "../../../tools/goBuild";
import { fits, goVersionIn, versionIn } from "../../../tools/versions";

describe("The version that a program prints about itself", () => {
    const printed: [string, string | undefined][] = [
        ["v3.248.0\n", "3.248.0"],
        ["Kubernetes v1.34.4\n", "1.34.4"],
        ["etcd Version: 3.6.8\nGit SHA: Not provided\nGo Version: go1.24.0\n", "3.6.8"],
        ["Client Version: v1.32.4-dispatcher\nKustomize Version: v5.5.0\n", "1.32.4-dispatcher"],
        ["kwok version 0.7.0 go1.24.0 (linux/amd64)\n", "0.7.0"],
        ["v1.34.4-eks-1a2b3c4\n", "1.34.4-eks-1a2b3c4"],
        ["a program without a version\n", undefined],
        ["listening on 127.0.0.1\n", undefined],
    ];
    for (const [text, version] of printed) {
        it(`is ${version ?? "not"} found in ${JSON.stringify(text)}`, () => assert.equal(versionIn(text), version));
    }
});

describe("An installed version", () => {
    const rows: [string, string, boolean][] = [
        ["3.248.0", ">=3.248.0 <4.0.0", true],
        ["3.247.9", ">=3.248.0 <4.0.0", false],
        ["4.0.0", ">=3.248.0 <4.0.0", false],
        ["1.34.9", "~1.34.0", true],
        ["1.35.0", "~1.34.0", false],
        ["1.34.4-eks-1a2b3c4", "~1.34.0", true],
        ["unknown", "~1.34.0", false],
    ];
    for (const [version, range, expected] of rows) {
        it(`${version} ${expected ? "fits" : "does not fit"} ${range}`, () =>
            assert.equal(fits(version, range), expected));
    }
});

describe("Go on the machine", () => {
    it("is asked for in the version that the module names", () => {
        assert.equal(goVersionIn("module x\n\ngo 1.25.11\n\nrequire (\n"), "1.25.11");
        assert.equal(goVersionIn("module x\n"), undefined);
    });

    it("will do when it is new enough, or fetches the newer one by itself", () => {
        assert.equal(goProblem("1.25.11", "go1.25.11", "local"), undefined);
        assert.equal(goProblem("1.25.11", "go1.26.8", "local"), undefined);
        assert.equal(goProblem("1.25.11", "go1.22", "auto"), undefined);
    });

    it("is named with both versions when it is too old, and with where to get it", () => {
        const expected =
            'Go 1.25.11 or newer is required, and the "go" on PATH is go1.24.1. Install it from https://go.dev/dl/ and put it on PATH.';
        assert.equal(goProblem("1.25.11", "go1.24.1", "local"), expected);
        // Before Go 1.21, go downloads no toolchains, regardless of the setting.
        assert.equal(goProblem("1.25.11", "go1.19.8", "auto"), expected.replace("go1.24.1", "go1.19.8"));
    });

    it("is said to be missing when it is", () => {
        assert.equal(
            goProblem("1.24.0", undefined, ""),
            'Go 1.24.0 or newer is required, and "go" is not on PATH. Install it from https://go.dev/dl/ and put it on PATH.',
        );
    });

    it("links without symbols, and with the version stamps of the recipe", () => {
        assert.equal(linkerFlags({}), "-s -w");
        assert.equal(linkerFlags({ "a/b.Version": "v1", "a/b.Major": "1" }), "-s -w -X a/b.Version=v1 -X a/b.Major=1");
    });
});
