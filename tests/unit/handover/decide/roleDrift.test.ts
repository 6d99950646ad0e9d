import { match, strictEqual } from "node:assert/strict";
import { repairOf, roleDriftOf } from "../../../../handover/decide/roleDrift";
import type { Proof, ProofFailure } from "../../../../handover/model/proof";
import { ACCOUNT, ISSUER, ROLE, subject } from "../support/worlds";

const failed = (code: ProofFailure, more: { why?: string; fix?: string } = {}): Proof => ({
    verdict: "no",
    code,
    why: "IAM said no.",
    final: false,
    ...more,
});
const HEAD = `A token of the service account can no longer use ${ROLE}: IAM said no.`;
const RENEWAL =
    "Running pods keep their permissions until their sessions end, within the hour; a pod that starts now has none.";
const RETREAT = "Or run pulumi destroy: it moves the pods back to the node roles.";
const CREATE =
    `Create the provider again (aws iam create-open-id-connect-provider --url https://${ISSUER} --client-id-list ` +
    "sts.amazonaws.com, or the program that had created it), then run pulumi up.";
const AUDIENCE =
    "If the OIDC provider has lost the audience sts.amazonaws.com, add it again (aws iam add-client-id-to-open-id-connect-provider " +
    `--open-id-connect-provider-arn arn:aws:iam::${ACCOUNT}:oidc-provider/${ISSUER} --client-id sts.amazonaws.com), then run pulumi up.`;
const RESTORE =
    "Run pulumi up --refresh, which restores the trust policy of the component's role. With roleName or additionalOidcProviderArns, it may stop " +
    "with role-narrowed: restore the trust policy in IAM first. Another owner's role is restored by its owner.";
const ATTACH =
    "Run pulumi up --refresh, which attaches the component's policies again. If the document of a policy or of the permissions boundary " +
    "was changed, its owner has to restore it first.";

describe("What a refresh shows of the role", () => {
    const rows: [string, Proof, string | undefined][] = [
        ["is nothing where it works", { verdict: "yes", evidence: [] }, undefined],
        ["is nothing where only a pod can tell", { verdict: "undecided", why: "w", evidence: [] }, undefined],
        ["is nothing where STS does not answer this machine", failed("sts-unreachable"), undefined],
        ["is a trust that has changed", failed("trust-refused"), `${HEAD} ${RENEWAL} ${RESTORE} ${RETREAT}`],
        ["is a token that is refused", failed("token-refused"), `${HEAD} ${RENEWAL} ${AUDIENCE} ${RETREAT}`],
        ["is a provider that is gone", failed("provider-missing"), `${HEAD} ${RENEWAL} ${CREATE} ${RETREAT}`],
        [
            "is what the failure itself advises",
            failed("sts-region-inactive", { fix: "Activate it." }),
            `${HEAD} ${RENEWAL} Activate it. ${RETREAT}`,
        ],
        [
            "is a permission that is gone, with a full stop where IAM's words have none",
            failed("permission-missing", { why: "IAM said no" }),
            `${HEAD} The pods have lost these permissions already. ${ATTACH} ${RETREAT}`,
        ],
    ];
    for (const [what, proof, drift] of rows) {
        it(what, () => strictEqual(roleDriftOf(proof, subject), drift));
    }

    it("knows no end of the sessions of an association", () => {
        const drift = roleDriftOf(failed("trust-refused"), { ...subject, delivery: "podIdentity" });
        match(
            drift ?? "",
            /until their sessions end, at a time that AWS does not document; a pod that starts now has none\./,
        );
    });

    it("has a place for the issuer where the subject has none", () => {
        strictEqual(repairOf("provider-missing", { ...subject, issuers: [] }), CREATE.replace(ISSUER, "ISSUER"));
    });
});
