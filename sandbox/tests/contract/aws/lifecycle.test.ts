import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
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

    const start = async (more: { motoServer?: string } = {}) =>
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
