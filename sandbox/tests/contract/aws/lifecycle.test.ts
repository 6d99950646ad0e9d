import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { DescribeSubnetsCommand } from "@aws-sdk/client-ec2";

import { startAwsApi } from "../../../aws";
import { ensureTool } from "../../../tools";
import { accountId, clients, operator, region } from "./support";

describe("the AWS stand-in", () => {
    let directory: string;
    beforeEach(() => (directory = mkdtempSync(join(tmpdir(), "eks-cni-aws-lifecycle-"))));
    afterEach(() => rmSync(directory, { recursive: true, force: true }));

    const start = async (more: { motoServer?: string; port?: number } = {}) =>
        startAwsApi({
            motoServer: await ensureTool("moto"),
            directory,
            accountId,
            region,
            enforcementDelaySeconds: 3,
            visibilityDelaySeconds: 0,
            ...more,
        });

    it("takes its moto with it when it is stopped", async () => {
        const api = await start();
        assert.match(readFileSync(`/proc/${api.motoPid}/cmdline`, "utf8"), /moto/);
        await api.stop();
        assert.throws(() => process.kill(api.motoPid, 0), { code: "ESRCH" });
    });

    it("leaves no moto behind when its port is taken", async () => {
        const other = createServer();
        await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
        const address = other.address();
        const port = typeof address === "object" && address ? address.port : 0;
        const before = childrenOf(process.pid);
        await assert.rejects(start({ port }), { code: "EADDRINUSE" });
        assert.deepEqual(childrenOf(process.pid), before);
        other.close();
    });

    it("says why moto cannot be started", async () => {
        await assert.rejects(start({ motoServer: "/nowhere/moto_server" }), {
            message: "moto_server cannot be started: spawn /nowhere/moto_server ENOENT",
        });
        await assert.rejects(start({ motoServer: "/bin/false" }), /^Error: moto_server ended with code 1:/);
    });

    it("starts moto on another port when its port is taken", async () => {
        const taken = join(directory, "taken");
        const motoServer = join(directory, "moto_server");
        const script = [
            "#!/bin/sh",
            `if [ ! -e ${taken} ]; then touch ${taken}; echo "Address already in use"; exit 1; fi`,
            `exec ${await ensureTool("moto")} "$@"`,
        ];
        writeFileSync(motoServer, script.join("\n"), { mode: 0o755 });
        const api = await start({ motoServer });
        assert.equal(existsSync(taken), true);
        const { Subnets } = await clients(api.endpoint, operator).ec2.send(new DescribeSubnetsCommand({}));
        assert.equal(Subnets?.length, 4);
        await api.stop();
    });

    it("runs beside another one that knows nothing of it", async () => {
        const [one, other] = await Promise.all([start(), start()]);
        const subnets = await Promise.all(
            [one, other].map(async ({ endpoint }) => {
                const answer = await clients(endpoint, operator).ec2.send(new DescribeSubnetsCommand({}));
                return answer.Subnets?.[0]?.SubnetId;
            }),
        );
        assert.notEqual(subnets[0], subnets[1]);
        await Promise.all([one.stop(), other.stop()]);
    });
});

function childrenOf(pid: number): string[] {
    return readdirSync("/proc").filter((entry) => {
        try {
            // The fourth field is the parent; the second one, the name, can contain blanks.
            const fields = readFileSync(`/proc/${entry}/stat`, "utf8").split(") ")[1]?.split(" ");
            return fields?.[1] === String(pid);
        } catch {
            return false;
        }
    });
}
