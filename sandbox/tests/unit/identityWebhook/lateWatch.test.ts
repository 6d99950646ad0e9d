import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type LateWatch, startLateWatch } from "../../../identityWebhook/lateWatch";

describe("the first list of a client behind the late watch", () => {
    let folder: string;
    let server: Server;
    let watch: LateWatch;
    let status: number;
    before(async () => {
        folder = mkdtempSync(join(tmpdir(), "eks-cni-late-watch-"));
        server = createServer((_, outgoing) => outgoing.writeHead(status).end("{}"));
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
        const config = {
            "current-context": "a",
            clusters: [
                {
                    name: "a",
                    cluster: {
                        server: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
                        "insecure-skip-tls-verify": true,
                    },
                },
            ],
            users: [{ name: "a", user: {} }],
            contexts: [{ name: "a", context: { cluster: "a", user: "a" } }],
        };
        writeFileSync(join(folder, "kubeconfig"), JSON.stringify(config));
    });
    after(() => {
        server.close();
        rmSync(folder, { recursive: true });
    });
    beforeEach(async () => (watch = await startLateWatch(join(folder, "kubeconfig"))));
    afterEach(() => watch.stop());

    const list = async () => {
        const answer = await fetch(`${watch.url}/api/v1/serviceaccounts`);
        await answer.text();
        return answer.status;
    };
    const isListed = () => Promise.race([watch.listed.then(() => true), sleep(50).then(() => false)]);

    for (const failure of [403, 503]) {
        it(`is none that the API server answers with ${failure}`, async () => {
            status = failure;
            assert.equal(await list(), failure);
            assert.equal(await isListed(), false);
            status = 200;
            assert.equal(await list(), 200);
            assert.equal(await isListed(), true);
        });
    }

    it("is no watch", async () => {
        status = 200;
        await (await fetch(`${watch.url}/api/v1/serviceaccounts?watch=true`)).text();
        assert.equal(await isListed(), false);
    });
});
