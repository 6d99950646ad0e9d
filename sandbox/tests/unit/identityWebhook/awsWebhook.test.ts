import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startAwsWebhook } from "../../../identityWebhook/awsWebhook";
import type { Identity } from "../../../identityWebhook/webhook";
import { ServiceAccountApi } from "../../contract/identityWebhook/support";

const prelude = `#!${process.execPath}
const fs = require("node:fs");
const flags = Object.fromEntries(process.argv.slice(2).map((flag) => flag.replace("--", "").split("=")));
fs.writeFileSync(__dirname + "/pid", String(process.pid));
`;

/** In place of AWS's program: one that answers with the associations that it has read, and reads them now and then. */
const healthy = `${prelude}
let known;
const read = () => (known = fs.readFileSync(flags["watch-container-credentials-config"]));
read();
setInterval(read, 200);
const tls = { cert: fs.readFileSync(flags["tls-cert"]), key: fs.readFileSync(flags["tls-key"]) };
require("node:https").createServer(tls, (_, answer) => answer.end(known)).listen(flags.port, "127.0.0.1");
require("node:http").get(flags["kube-api"] + "/api/v1/serviceaccounts", (list) => list.resume());
`;
const silent = `${prelude}require("node:net").createServer().listen(flags.port, "127.0.0.1");`;

describe("AWS's identity webhook, a program of its own", () => {
    let directory: string;
    let api: ServiceAccountApi;
    let identities: Identity[];
    before(async () => (api = await ServiceAccountApi.start()));
    after(() => api.stop());
    beforeEach(() => {
        directory = mkdtempSync(join(tmpdir(), "eks-cni-aws-webhook-"));
        writeFileSync(join(directory, "kubeconfig"), api.kubeconfig);
        identities = [];
    });
    afterEach(() => {
        if (isRunning()) {
            process.kill(pid(), "SIGKILL");
        }
        rmSync(directory, { recursive: true });
    });

    const pid = () => Number(readFileSync(join(directory, "pid"), "utf8"));
    const isRunning = () => existsSync(join(directory, "pid")) && existsSync(`/proc/${pid()}`);
    const optionsWith = (program: string) => {
        const executable = join(directory, "program");
        writeFileSync(executable, program, { mode: 0o755 });
        const kubeconfigPath = join(directory, "kubeconfig");
        return { executable, kubeconfigPath, region: "us-west-2", directory, podIdentities: () => identities };
    };
    /** Whether the program's way to the API server is there. */
    const hasProxy = () => {
        const file = readFileSync(join(directory, "aws-webhook.kubeconfig"), "utf8");
        const { clusters } = JSON.parse(file) as { clusters: { cluster: { server: string } }[] };
        return fetch(clusters[0]?.cluster.server ?? "").then(
            () => true,
            () => false,
        );
    };

    it("leaves nothing when the program accepts connections and never answers", async () => {
        await assert.rejects(
            startAwsWebhook({ ...optionsWith(silent), healthSeconds: 1.5 }),
            /pod-identity-webhook was not ready after 1\.5 s/,
        );
        assert.deepEqual([isRunning(), await hasProxy()], [false, false]);
    });

    it("answers every request after a change of the associations by the new ones, also those that come at once", async () => {
        const webhook = await startAwsWebhook(optionsWith(healthy));
        const answer = async () => (await webhook.answer({ contentType: "application/json", body: "{}" })).body;
        assert.equal(await answer(), '{"identities":[]}');
        identities = [{ namespace: "kube-system", serviceAccount: "aws-node" }];
        const wanted = JSON.stringify({ identities });
        assert.deepEqual(await Promise.all([answer(), answer(), answer()]), [wanted, wanted, wanted]);
        await webhook.stop();
        assert.equal(isRunning(), false);
    });
});
