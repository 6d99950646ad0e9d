import { notAuthorized } from "./refusals";
import { assertRefused } from "./support";
import { useIam } from "./useIam";
import { useIssuer } from "./useIssuer";

describe("a data perimeter of the AWS stand-in", () => {
    const account = useIam();
    const issuer = useIssuer(account, "PERIMETER");
    const denied = (Condition: object) =>
        JSON.stringify({
            Version: "2012-10-17",
            Statement: [{ Effect: "Deny", Principal: "*", Action: "sts:*", Resource: "*", Condition }],
        });
    // Other suites share the account.
    afterEach(() => account.fixture.api.setResourceControlPolicies([]));

    it("knows the address of a call over HTTP, which comes through no VPC endpoint", async () => {
        await issuer.makeRole("perimeter");
        account.fixture.api.setResourceControlPolicies([
            denied({ NotIpAddressIfExists: { "aws:SourceIp": "127.0.0.0/8" } }),
        ]);
        await issuer.assume("perimeter");
        account.fixture.api.setResourceControlPolicies([denied({ Null: { "aws:SourceVpc": "true" } })]);
        await assertRefused(issuer.assume("perimeter"), notAuthorized);
        account.fixture.api.setResourceControlPolicies([]);
        await issuer.assume("perimeter");
    });
});
