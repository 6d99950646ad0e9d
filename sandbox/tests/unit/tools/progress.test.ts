import * as assert from "node:assert/strict";
import { announcement, Display, duration, shareDone, statusLine } from "../../../tools/progress";

const ANNOUNCED =
    "2 tools are not installed, and built from source packages: once, for about 6 min on two idle cores. " +
    "They stay in /cache. If you stop it, the finished ones are kept.";

describe("The display of builds", () => {
    it("tells durations in seconds, and in minutes from one minute on", () => {
        assert.deepEqual([0, 59_400, 60_000, 187_000].map(duration), ["0 s", "59 s", "1 min 00 s", "3 min 07 s"]);
    });

    const all = [
        { name: "kubernetes", typicalSeconds: 600 },
        { name: "pulumi", typicalSeconds: 200 },
        { name: "etcd", typicalSeconds: 200 },
    ];
    const running = (milliseconds: number) => ({ name: "pulumi", typicalSeconds: 200, milliseconds });

    it("announces how many tools are built, how long that takes, and where they stay", () => {
        assert.equal(
            announcement(all, "/cache"),
            "3 tools are not installed, and built from source packages: once, for about 14 min on two idle cores. " +
                "They stay in /cache. If you stop it, the finished ones are kept.",
        );
        assert.match(announcement(all.slice(1, 2), "/cache"), /^1 tool is not installed, .* about 3 min /);
    });

    it("tells the share that is done, what remains, and what is built since when", () => {
        assert.equal(
            statusLine(all, [running(61_000)], ["etcd"]),
            "[#############-------] 64 %, about 5 min left: pulumi (1 min 01 s); then etcd",
        );
        assert.equal(
            statusLine(all, [running(0)], []),
            "[################----] 80 %, about 3 min left: pulumi (0 s); nothing after that",
        );
        assert.equal(
            statusLine(all, [], ["kubernetes", "pulumi", "etcd"]),
            "[--------------------] 0 %, about 14 min left: nothing; then kubernetes, pulumi, etcd",
        );
        assert.equal(
            statusLine(all, [], []),
            "[####################] 100 %, about a minute left: nothing; nothing after that",
        );
    });

    it("never counts a running build as done, however long it takes", () => {
        assert.equal(shareDone(all, [running(1e9)], []), 0.99);
        assert.equal(shareDone([], [], []), 1);
    });

    const shown = (isTTY: boolean) => {
        const written: string[] = [];
        const display = new Display({ isTTY, write: (text) => written.push(text) });
        display.plan(
            [
                { name: "pulumi", typicalSeconds: 200 },
                { name: "etcd", typicalSeconds: 200 },
            ],
            "/cache",
        );
        display.begin("pulumi", "3.248.0");
        display.note("Using /usr/bin/etcd (etcd 3.6.1)");
        display.end("pulumi");
        display.stop();
        return written.join("");
    };

    it("writes whole lines to a pipe, without control characters", () => {
        assert.equal(
            shown(false),
            `${ANNOUNCED}\n` +
                "Building pulumi 3.248.0\n" +
                "Using /usr/bin/etcd (etcd 3.6.1)\n" +
                "Built pulumi in 0 s\n",
        );
    });

    it("keeps one live line on a terminal, which makes room for other lines", () => {
        const live = "[--------------------] 0 %, about 6 min left: pulumi (0 s); then etcd";
        assert.equal(
            shown(true),
            `${ANNOUNCED}\nBuilding pulumi 3.248.0\n${live}` +
                `\r\u001b[KUsing /usr/bin/etcd (etcd 3.6.1)\n${live}` +
                "\r\u001b[KBuilt pulumi in 0 s\n",
        );
    });
});
