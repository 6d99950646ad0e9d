import * as assert from "node:assert/strict";
import { firstChange, pace } from "../../../../handover/kubernetes/changes";
import { type Cluster, connect } from "../../../../handover/kubernetes/clusterClient";
import { type Answer, kubeconfig, quick, ScriptedApi } from "./support";

const start = { path: "/api/v1/namespaces/kube-system/pods", query: {} };
const quiet: Answer = { stream: { lines: [] } };

describe("A wait for a change", () => {
    let api: ScriptedApi;
    let cluster: Cluster;
    beforeEach(async () => {
        api = await ScriptedApi.start(() => quiet);
        const connection = { kubeconfig: JSON.stringify(kubeconfig(api.url)) };
        cluster = await connect(connection, quick, new AbortController().signal);
    });
    afterEach(() => api.stop());

    const wait = (atMostMilliseconds: number, burstMilliseconds = quick.burstMilliseconds) =>
        firstChange(cluster, [start], { atMostMilliseconds, burstMilliseconds }, new AbortController().signal);
    const until = async (what: () => boolean) => {
        for (const deadline = Date.now() + 5000; !what() && Date.now() < deadline;) {
            await new Promise((resolve) => setTimeout(resolve, 10));
        }
        assert.ok(what());
    };

    it("asks again a second after a watch that was refused", async () => {
        api.script = (_, number) =>
            number === 1 ? { status: 403 } : { stream: { lines: [{ type: "ADDED", object: {} }] } };
        const started = Date.now();
        await wait(10_000);
        const waited = Date.now() - started;
        assert.ok(waited >= 900 && waited < 8000, `${waited} ms`);
        assert.equal(api.requests.length, 2);
    });

    it("ends a burst after the first change, whatever changes in between", async () => {
        api.script = () => ({ stream: { lines: [1, 2, 3].map(() => ({ type: "MODIFIED", object: {} })) } });
        const started = Date.now();
        await wait(10_000, 1000);
        const waited = Date.now() - started;
        assert.ok(waited >= 990 && waited < 8000, `${waited} ms`);
    });

    it("leaves a stream open on which nothing comes", async () => {
        await wait(1500);
        assert.equal(api.requests.length, 1);
    });

    it("closes also a stream that opens after its end", async () => {
        let open: (() => void) | undefined;
        const opened = new Promise<void>((resolve) => (open = resolve));
        const { config } = cluster;
        const applyToFetchOptions = config.applyToFetchOptions.bind(config);
        config.applyToFetchOptions = async (options) => {
            await opened;
            return applyToFetchOptions(options);
        };
        await wait(50);
        open?.();
        await until(() => api.requests.length === 1);
        await until(() => api.open === 0);
    });

    it("asks again where the kubeconfig gave no credentials", async () => {
        let times = 0;
        const { config } = cluster;
        const applyToFetchOptions = config.applyToFetchOptions.bind(config);
        config.applyToFetchOptions = (options) =>
            ++times === 1 ? Promise.reject(new Error("The session has expired.")) : applyToFetchOptions(options);
        await wait(1500);
        assert.deepEqual([times, api.requests.length], [2, 1]);
    });

    it("closes also a stream that was never answered", async () => {
        api.script = () => "hang";
        await wait(200);
        assert.equal(api.requests.length, 1);
        await until(() => api.open === 0);
    });
});

describe("The pace of waits", () => {
    const settings = { ...quick, burstMilliseconds: 200 };
    const cases: [string, number, number, number][] = [
        ["is that of its settings after a quick look", 50, 2000, 200],
        ["gives the pods as much time as the look before it took", 700, 2000, 700],
        ["may be longer than its limit, where that look was", 5000, 5000, 5000],
        ["does not follow a look that took long for another reason", 70_000, 10_000, 10_000],
    ];
    for (const [what, lookMilliseconds, atMostMilliseconds, burstMilliseconds] of cases) {
        it(what, () => {
            assert.deepEqual(pace(2000, lookMilliseconds, settings), { atMostMilliseconds, burstMilliseconds });
        });
    }
});
