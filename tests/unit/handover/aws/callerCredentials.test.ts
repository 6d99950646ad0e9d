import { deepStrictEqual, strictEqual } from "assert";
import { type Credentials, callerCredentials } from "../../../../handover/aws/callerCredentials";
import type { AwsConnection } from "../../../../handover/model/connection";
import { useEnvironment } from "./environment";

describe("the caller's credentials", () => {
    const environment = useEnvironment();
    beforeEach(() => environment.set({ AWS_ACCESS_KEY_ID: "AKIAENVIRONMENT", AWS_SECRET_ACCESS_KEY: "e" }));

    const of = (connection: AwsConnection): Promise<Credentials> => callerCredentials(connection, {});

    const table: [string, AwsConnection, object][] = [
        [
            "static keys",
            { accessKeyId: "AKIAOPERATOR", secretAccessKey: "s" },
            { accessKeyId: "AKIAOPERATOR", secretAccessKey: "s" },
        ],
        [
            "static keys of a session, with its token",
            { accessKeyId: "ASIAOPERATOR", secretAccessKey: "s", sessionToken: "t" },
            { accessKeyId: "ASIAOPERATOR", secretAccessKey: "s", sessionToken: "t" },
        ],
        [
            "static keys rather than a profile",
            { accessKeyId: "AKIAOPERATOR", secretAccessKey: "s", profile: "ops" },
            { accessKeyId: "AKIAOPERATOR", secretAccessKey: "s" },
        ],
    ];
    for (const [what, connection, credentials] of table) {
        it(`are ${what}`, async () => {
            deepStrictEqual(await of(connection), credentials);
        });
    }

    const halves: [string, AwsConnection][] = [
        ["a key without its secret", { accessKeyId: "AKIAOPERATOR" }],
        ["a secret without its key", { secretAccessKey: "s" }],
        ["a session's token alone", { sessionToken: "t" }],
        ["nothing", {}],
    ];
    for (const [what, connection] of halves) {
        it(`are the ambient ones where the connection has ${what}`, async () => {
            const credentials = await of(connection);
            strictEqual(typeof credentials, "function");
            const { accessKeyId } = typeof credentials === "function" ? await credentials() : credentials;
            strictEqual(accessKeyId, "AKIAENVIRONMENT");
        });
    }
});
