import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import { type AddressInfo } from "node:net";
import { AwsError } from "../../../aws/errors";
import { ModelGuard } from "../../../aws/modelGuard";
import { type Answer, serve } from "../../../aws/serve";

/** A guard that can read no model. For EC2 it needs none. */
const guard = new ModelGuard("/nowhere/bin/moto_server");

describe("the answers of the AWS front", () => {
    let server: Server;
    let failures: unknown[];
    let answer: Answer;
    before(async () => {
        server = createServer((incoming, outgoing) => {
            serve(incoming, outgoing, answer, guard).catch((error: unknown) => {
                failures.push(error);
                outgoing.destroy();
            });
        });
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    });
    after(() => server.close());
    beforeEach(() => (failures = []));

    const versions = { iam: "2010-05-08", ec2: "2016-11-15" };

    async function call(service: keyof typeof versions, action: string, error: Error) {
        answer = () => Promise.reject(error);
        const scope = `Credential=test/20260101/us-west-2/${service}/aws4_request`;
        const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, {
            method: "POST",
            headers: {
                authorization: `AWS4-HMAC-SHA256 ${scope}, SignedHeaders=host, Signature=a`,
                "content-type": "application/x-www-form-urlencoded",
            },
            body: `Action=${action}&Version=${versions[service]}`,
        });
        const text = await response.text();
        return [response.status, /<Code>([^<]*)<\/Code>/.exec(text)?.[1], text] as const;
    }

    it("are an InternalFailure when the service's model cannot be read", async () => {
        const [status, code, text] = await call("iam", "GetRole", new AwsError("NoSuchEntity", "no role", 404));
        assert.deepEqual([status, code, failures], [500, "InternalFailure", []]);
        assert.match(text, /\/nowhere/);
    });

    it("are checked by the guard also when a service throws them", async () => {
        const [status, code, text] = await call("ec2", "DescribeVpcs", new AwsError("Unheard", "of", 400));
        assert.deepEqual([status, code, failures], [500, "InternalFailure", []]);
        assert.match(text, /ec2:DescribeVpcs with Unheard \(400\), and AWS has no such error for this operation\./);
    });

    it("are the service's own when the guard has no objection", async () => {
        const error = new AwsError("InvalidVpcID.NotFound", "The vpc ID 'vpc-1' does not exist", 400);
        assert.deepEqual((await call("ec2", "DescribeVpcs", error)).slice(0, 2), [400, "InvalidVpcID.NotFound"]);
    });
});
