import * as assert from "node:assert/strict";
import { startFront } from "../../../identityWebhook/front";

describe("The webhook's address", () => {
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
