import * as assert from "node:assert/strict";
import { Display, duration, statusLine } from "../../../tools/progress";

describe("The display of builds", () => {
    it("tells durations in seconds, and in minutes from one minute on", () => {
        assert.deepEqual([0, 59_400, 60_000, 187_000].map(duration), ["0 s", "59 s", "1 min 00 s", "3 min 07 s"]);
    });

    it("tells what is built, since when, and what remains", () => {
        const running = [
            { name: "pulumi", milliseconds: 61_000 },
            { name: "moto", milliseconds: 4000 },
        ];
        assert.equal(
            statusLine(running, ["etcd", "kwok"]),
            "Building pulumi (1 min 01 s), moto (4 s); then etcd, kwok",
        );
        assert.equal(statusLine(running.slice(1), []), "Building moto (4 s); nothing after that");
    });

    const shown = (isTTY: boolean) => {
        const written: string[] = [];
        const display = new Display({ isTTY, write: (text) => written.push(text) });
        display.plan(["pulumi", "etcd"]);
        display.begin("pulumi", "3.248.0");
        display.note("Using /usr/bin/etcd (etcd 3.6.1)");
        display.end("pulumi");
        display.stop();
        return written.join("");
    };

    it("writes whole lines to a pipe, without control characters", () => {
        assert.equal(
            shown(false),
            "Building pulumi 3.248.0: once; the result is cached\n" +
                "Using /usr/bin/etcd (etcd 3.6.1)\n" +
                "Built pulumi in 0 s\n",
        );
    });

    it("keeps one live line on a terminal, which makes room for other lines", () => {
        const live = "Building pulumi (0 s); then etcd";
        assert.equal(
            shown(true),
            `Building pulumi 3.248.0: once; the result is cached\n${live}` +
                `\r\u001b[KUsing /usr/bin/etcd (etcd 3.6.1)\n${live}` +
                "\r\u001b[KBuilt pulumi in 0 s\n",
        );
    });
});
