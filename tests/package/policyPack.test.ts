import * as assert from "assert";
import { spawn } from "child_process";
import { once } from "events";
import * as path from "path";
import * as grpc from "@grpc/grpc-js";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { AnalyzerClient } from "@pulumi/pulumi/proto/analyzer_grpc_pb";
import type { AnalyzerInfo } from "@pulumi/pulumi/proto/analyzer_pb";
import { version } from "../../package.json";
import { rules } from "../../policies/rules";
import { useConsumer } from "./support/consumer";

describe("the policy pack in the packed tarball", () => {
    const consumer = useConsumer();

    it("starts in its folder as the language host starts it, and tells the engine its rules", async () => {
        const modules = path.join(consumer.folder, "node_modules");
        // https://github.com/pulumi/pulumi/blob/master/sdk/nodejs/cmd/pulumi-language-nodejs/main.go, RunPlugin
        const run = path.join(modules, "@pulumi/pulumi/cmd/run-policy-pack");
        const folder = path.join(modules, "eks-cni/policies");
        const pack = spawn(process.execPath, [run, "127.0.0.1:1", folder], {
            cwd: folder,
            stdio: ["ignore", "pipe", "inherit"],
        });
        try {
            const [port] = (await once(pack.stdout, "data")) as [Buffer];
            const address = `127.0.0.1:${port.toString().trim()}`;
            const client = new AnalyzerClient(address, grpc.credentials.createInsecure());
            const info = await new Promise<AnalyzerInfo>((resolve, reject) => {
                client.getAnalyzerInfo(new Empty(), (error, answer) => (error ? reject(error) : resolve(answer)));
            });
            client.close();
            assert.strictEqual(`${info.getName()} ${info.getVersion()}`, `eks-cni ${version}`);
            assert.deepStrictEqual(
                info.getPoliciesList().map((policy) => policy.getName()),
                rules.map(({ name }) => name),
            );
        } finally {
            pack.kill();
        }
    });
});
