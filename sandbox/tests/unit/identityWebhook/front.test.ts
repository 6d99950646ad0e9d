import * as assert from "node:assert/strict";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

import { startFront } from "../../../identityWebhook/front";

describe("The webhook's address", () => {
    it("is the same after a stop, also if another process has taken its port for a moment", async () => {
        const front = await startFront(() => Promise.resolve({ status: 200, body: "" }));
        await front.stop();
        const other = createServer();
        await new Promise<void>((resolve) => other.listen(front.port, "127.0.0.1", resolve));
        const events: string[] = [];
        const started = front.start().then(() => events.push("started"));
        await sleep(700);
        events.push("free");
        await new Promise((resolve) => other.close(resolve));
        await started;
        assert.deepEqual(events, ["free", "started"]);
        await front.stop();
    });

    it("has a port that the system gives to no outgoing connection", async () => {
        const fronts = await Promise.all(
            [1, 2, 3].map(() => startFront(() => Promise.resolve({ status: 200, body: "" }))),
        );
        const ports = fronts.map(({ port }) => port);
        await Promise.all(fronts.map((front) => front.stop()));
        assert.ok(
            ports.every((port) => port >= 20_000 && port < 30_000),
            ports.join(", "),
        );
        assert.equal(new Set(ports).size, 3);
    });
});
