import { CreateOpenIDConnectProviderCommand } from "@aws-sdk/client-iam";

import { noVerificationKey } from "./refusals";
import { assertRefused, TestIssuer } from "./support";
import { useIam } from "./useIam";
import { useIssuer } from "./useIssuer";

describe("the signing keys of an issuer, at AssumeRoleWithWebIdentity of the AWS stand-in,", () => {
    const account = useIam();
    const issuer = useIssuer(account, "KEYS");
    before(() => issuer.makeRole("keys"));

    it("are fetched again for a key that is not known yet", async () => {
        await issuer.assume("keys");
        await issuer.issuer.rotate("second", true);
        await issuer.assume("keys");
    });

    it("are all good as long as the issuer serves them", async () => {
        const WebIdentityToken = await issuer.issuer.token();
        await issuer.issuer.rotate("third", true);
        await issuer.assume("keys");
        await issuer.assume("keys", { WebIdentityToken });
    });

    it("are refused once the issuer has taken them away and the keys were fetched again", async () => {
        const WebIdentityToken = await issuer.issuer.token();
        issuer.issuer.served.length = 0;
        await issuer.issuer.rotate("fourth", true);
        await issuer.assume("keys");
        await assertRefused(issuer.assume("keys", { WebIdentityToken }), noVerificationKey);
    });

    it("are known from the last fetch until a key comes that is not", async () => {
        const WebIdentityToken = await issuer.issuer.token();
        const served = issuer.issuer.served.splice(0);
        await issuer.assume("keys", { WebIdentityToken });
        issuer.issuer.served.push(...served);
    });

    it("are refused when the issuer does not serve them", async () => {
        await issuer.issuer.rotate("unserved", false);
        await assertRefused(issuer.assume("keys"), noVerificationKey);
        await issuer.issuer.rotate("fifth", true);
        await issuer.assume("keys");
    });

    it("cannot be had when the issuer cannot be reached, and that is said so", async () => {
        const gone = await TestIssuer.start("https://oidc.eks.us-west-2.amazonaws.com/id/GONE");
        account.fixture.api.trustIssuer(gone.url, { jwksUrl: gone.jwksUrl });
        await account.fixture.iam.send(
            new CreateOpenIDConnectProviderCommand({ Url: gone.url, ClientIDList: ["sts.amazonaws.com"] }),
        );
        const WebIdentityToken = await gone.token();
        await gone.stop();
        await assertRefused(issuer.assume("keys", { WebIdentityToken }), {
            name: "IDPCommunicationErrorException",
            status: 400,
            message:
                "The request could not be fulfilled because the identity provider (IDP) that was asked to verify " +
                "the incoming identity token could not be reached.",
        });
    });
});
