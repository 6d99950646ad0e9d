import * as assert from "node:assert/strict";
import { nodeRoleNames, subnetPlaces } from "../../../cluster/awsAccount";

/** The first and the last address of a block, as numbers. */
function range(cidr: string): [number, number] {
    const [address = "", prefix] = cidr.split("/");
    const first = address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
    return [first, first + 2 ** (32 - Number(prefix)) - 1];
}

describe("The account of a sandbox", () => {
    it("has up to four subnets in zones of their own, and further ones in the same zones in turn", () => {
        const zones = (count: number) => subnetPlaces("us-west-2", count).map(({ zone }) => zone.slice(-1));
        assert.deepEqual(zones(3), ["a", "b", "c"]);
        assert.deepEqual(zones(6), ["a", "b", "c", "d", "a", "b"]);
    });

    it("keeps the blocks of its first four subnets", () => {
        const blocks = subnetPlaces("us-west-2", 4).map(({ cidr }) => cidr);
        assert.deepEqual(blocks, ["10.0.16.0/20", "10.0.32.0/20", "10.0.48.0/20", "10.0.64.0/20"]);
    });

    for (const count of [2, 4, 5, 24]) {
        it(`has ${count} subnets without a common address, below those of pods`, () => {
            const ranges = subnetPlaces("us-west-2", count).map(({ cidr }) => range(cidr));
            assert.equal(ranges.length, count);
            ranges.slice(1).forEach(([first], index) => assert.ok(first > (ranges[index]?.[1] ?? Infinity)));
            assert.ok((ranges.at(-1)?.[1] ?? Infinity) < range("10.0.128.0/17")[0]);
        });
    }

    it("numbers its node roles from the second one on", () => {
        assert.deepEqual(nodeRoleNames(3), ["sandbox-nodes", "sandbox-nodes-2", "sandbox-nodes-3"]);
    });
});
