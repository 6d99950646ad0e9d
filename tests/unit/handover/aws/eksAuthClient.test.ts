import { deepStrictEqual, match, rejects, strictEqual } from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { eksAuthCall, type EksAuthSettings } from "../../../../handover/aws/eksAuthClient";

const KEYS = { accessKeyId: "AKIAOPERATOR", secretAccessKey: "operators-secret-key", sessionToken: "operators-token" };

interface Received {
    readonly url: string;
    readonly headers: IncomingHttpHeaders;
    readonly body: string;
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html, from what the service has received. */
function signatureOf({ url, headers, body }: Received): string {
    const [, scope = "", names = ""] =
        /Credential=[^/]+\/(\S+), SignedHeaders=([^,]+),/.exec(headers.authorization ?? "") ?? [];
    const [date = "", region = "", service = ""] = scope.split("/");
    const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
    const hmac = (key: string | Buffer, text: string) => createHmac("sha256", key).update(text).digest();
    const signed = names.split(";");
    // A path is encoded twice.
    const path = url.split("/").map(encodeURIComponent).join("/");
    const canonical = [
        ...["POST", path, ""],
        ...signed.map((name) => `${name}:${String(headers[name])}`),
        ...["", names, sha256(body)],
    ].join("\n");
    const text = ["AWS4-HMAC-SHA256", headers["x-amz-date"], scope, sha256(canonical)].join("\n");
    const key = [date, region, service, "aws4_request"].reduce<string | Buffer>(hmac, `AWS4${KEYS.secretAccessKey}`);
    return hmac(key, text).toString("hex");
}

describe("A call of EKS Auth", () => {
    let server: Server;
    let received: Received[] = [];
    let answer: { status: number; headers: Record<string, string>; body: string };
    const endpoint = () => `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
    const call = (more: Partial<EksAuthSettings> = {}) =>
        eksAuthCall({
            region: "us-west-2",
            endpoint: endpoint(),
            credentials: () => Promise.resolve(KEYS),
            timeoutMilliseconds: 2000,
            userAgent: "eks-cni",
            ...more,
        });

    before((done) => {
        server = createServer((request, response) => {
            let body = "";
            request.on("data", (chunk: Buffer) => (body += chunk.toString()));
            request.on("end", () => {
                received.push({ url: request.url ?? "", headers: request.headers, body });
                response.writeHead(answer.status, answer.headers).end(answer.body);
            });
        }).listen(0, "127.0.0.1", done);
    });
    after(() => server.close());
    beforeEach(() => {
        received = [];
        answer = { status: 200, headers: {}, body: '{"audience":"pods.eks.amazonaws.com"}' };
    });

    for (const name of ["prod", "prod cluster"]) {
        it(`is signed as AWS documents it, for a cluster of the name ${JSON.stringify(name)}`, async () => {
            deepStrictEqual(await call()(name, { token: "t" }), {
                ok: true,
                code: "",
                body: { audience: "pods.eks.amazonaws.com" },
            });
            const [request = { url: "", headers: {}, body: "" }] = received;
            deepStrictEqual(
                [request.url, request.body, request.headers["x-amz-security-token"], request.headers["user-agent"]],
                [
                    `/clusters/${encodeURIComponent(name)}/assume-role-for-pod-identity`,
                    '{"token":"t"}',
                    "operators-token",
                    "eks-cni",
                ],
            );
            match(
                request.headers.authorization ?? "",
                /Credential=AKIAOPERATOR\/\d{8}\/us-west-2\/eks-auth\/aws4_request/,
            );
            strictEqual(/Signature=(\w+)/.exec(request.headers.authorization ?? "")?.[1], signatureOf(request));
        });
    }

    it("has the code of an error, without its namespace, also without a body", async () => {
        answer = { status: 403, headers: { "x-amzn-errortype": "AccessDeniedException:http://internal" }, body: "" };
        deepStrictEqual(await call()("prod", {}), { ok: false, code: "AccessDeniedException", body: {} });
    });

    it("goes to AWS's own address of the region without another one, and gives up in time", async () => {
        const asked: string[] = [];
        const { fetch: original } = globalThis;
        globalThis.fetch = (url, options) => {
            asked.push((url as URL).origin);
            return new Promise((_, reject) =>
                options?.signal?.addEventListener("abort", () => reject(options.signal?.reason as Error)),
            );
        };
        try {
            for (const region of ["us-west-2", "cn-north-1"]) {
                const own = call({ region, endpoint: undefined, timeoutMilliseconds: 20 });
                await rejects(own("prod", {}), { name: "TimeoutError" });
            }
        } finally {
            globalThis.fetch = original;
        }
        deepStrictEqual(asked, [
            "https://eks-auth.us-west-2.api.aws",
            "https://eks-auth.cn-north-1.api.amazonwebservices.com.cn",
        ]);
    });
});
