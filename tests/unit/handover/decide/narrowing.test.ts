import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { leavingIssuer } from "../../../../handover/decide/leavingIssuer";
import { checkUpdate, type NarrowingInputs, type UpdateInPlace } from "../../../../handover/decide/narrowing";
import { refusals } from "../../../../handover/model/refusals";
import { ROLE } from "../support/worlds";

const providerOf = (issuer: string) => `arn:aws:iam::111122223333:oidc-provider/${issuer}`;

/** A statement for one service account of the cluster with this issuer. */
const trusts = (issuer: string, account = "aws-node", more: object = {}) => ({
    Effect: "Allow",
    Principal: { Federated: providerOf(issuer) },
    Action: "sts:AssumeRoleWithWebIdentity",
    Condition: { StringEquals: { [`${issuer}:sub`]: `system:serviceaccount:kube-system:${account}` } },
    ...more,
});
const ASSOCIATED = { Effect: "Allow", Principal: { Service: "pods.eks.amazonaws.com" }, Action: "sts:AssumeRole" };

const policyOf = (...Statement: object[]) => JSON.stringify({ Version: "2012-10-17", Statement });
const trust = (...statements: object[]): NarrowingInputs => ({ assumeRolePolicy: policyOf(...statements) });

/** The text of the statement in a message. */
const shown = (issuer: string, account = "aws-node", effect = "Allow") =>
    `{"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"${issuer}:sub":"system:serviceaccount:kube-system:${account}"}},` +
    `"Effect":"${effect}","Principal":{"Federated":"${providerOf(issuer)}"}}`;
const loses = (issuer: string, account?: string) => `its trust policy loses ${shown(issuer, account)}`;

const check = (before: NarrowingInputs, after: NarrowingInputs, more: Partial<UpdateInPlace> = {}) =>
    checkUpdate({
        arn: ROLE,
        before,
        after,
        ownProvider: providerOf("own"),
        namespace: "cni",
        fixedName: true,
        ...more,
    });
const PASSES = { warnings: [] };
const refused = (...changes: string[]) => ({ warnings: [], refusal: refusals.roleNarrowed(ROLE, changes) });
const leaving = (...issuers: string[]) => ({
    warnings: issuers.map((issuer) => leavingIssuer(ROLE, providerOf(issuer), "cni")),
});

describe("The check of an update in place of the role", () => {
    it("lets the same trust policy pass, in another order and with lists of one", () => {
        const [own, theirs] = [trusts("own"), trusts("theirs")];
        const listed = { ...theirs, Effect: "Allow", Principal: { Federated: [providerOf("theirs")] } };
        deepStrictEqual(check(trust(own, theirs), trust(listed, own)), PASSES);
        const single = JSON.stringify({ Statement: own, Version: "2012-10-17" });
        deepStrictEqual(check(trust(own), { assumeRolePolicy: single }), PASSES);
        const actions = (...Action: string[]) => trust({ ...ASSOCIATED, Action });
        deepStrictEqual(check(actions("sts:A", "sts:B"), actions("sts:B", "sts:A")), PASSES);
    });

    it("lets an Allow statement come, and a Deny go", () => {
        const deny = trusts("own", "aws-node", { Effect: "Deny" });
        deepStrictEqual(check(trust(trusts("own")), trust(trusts("own"), trusts("theirs"), ASSOCIATED)), PASSES);
        deepStrictEqual(check(trust(trusts("own"), deny), trust(trusts("own"))), PASSES);
    });

    it("refuses a Deny that comes", () => {
        deepStrictEqual(
            check(trust(trusts("own")), trust(trusts("own"), trusts("own", "aws-node", { Effect: "Deny" }))),
            refused(`its trust policy gets ${shown("own", "aws-node", "Deny")}`),
        );
    });

    it("refuses a statement that changes or goes, whatever other statement comes", () => {
        const before = trust(trusts("own"), trusts("own", "more"));
        deepStrictEqual(check(before, trust(trusts("own"))), refused(loses("own", "more")));
        deepStrictEqual(check(trust(trusts("own")), trust(trusts("own", "other"))), refused(loses("own")));
        deepStrictEqual(check(trust(trusts("own")), trust(trusts("own", "*"))), refused(loses("own")));
        deepStrictEqual(check(trust(trusts("own")), trust(ASSOCIATED)), refused(loses("own")));
    });

    it("refuses each change of the trust in EKS Pod Identity", () => {
        const conditional = {
            ...ASSOCIATED,
            Condition: { StringEquals: { "aws:RequestTag/kubernetes-namespace": "n" } },
        };
        for (const after of [trust(conditional), trust(trusts("own"))]) {
            for (const ownProvider of [undefined, "", providerOf("own")]) {
                const { refusal } = check(trust(ASSOCIATED), after, { ownProvider });
                match(refusal?.seen ?? "", /in place: its trust policy loses \{.*pods\.eks\.amazonaws\.com"\}\}\.$/);
            }
        }
    });

    it("lets the issuers of other clusters leave, with the line to check there, once for each", () => {
        const before = trust(trusts("own"), trusts("theirs"), trusts("theirs", "more"), trusts("third"));
        deepStrictEqual(check(before, trust(trusts("own"))), leaving("theirs", "third"));
        deepStrictEqual(check(before, trust(trusts("own"), trusts("third"))), leaving("theirs"));
        deepStrictEqual(check(before, trust(trusts("own")), { fixedName: false }), leaving("theirs", "third"));
        const together = { ...trusts("theirs"), Principal: { Federated: [providerOf("theirs"), providerOf("third")] } };
        deepStrictEqual(check(trust(trusts("own"), together), trust(trusts("own"))), leaving("theirs", "third"));
    });

    it("takes the cluster's issuer for another cluster's if the program makes one of those its own: the documents do not show it", () => {
        const swapped = { ownProvider: providerOf("theirs") };
        deepStrictEqual(
            check(trust(trusts("own"), trusts("theirs")), trust(trusts("theirs")), swapped),
            leaving("own"),
        );
    });

    it("refuses to cut off a part of a cluster that stays, or another principal", () => {
        const before = trust(trusts("own"), trusts("theirs"), trusts("theirs", "more"));
        deepStrictEqual(check(before, trust(trusts("own"), trusts("theirs"))), refused(loses("theirs", "more")));
        const Federated = providerOf("theirs");
        for (const Principal of [{ Federated, Service: "pods.eks.amazonaws.com" }, { AWS: "*" }, "*"]) {
            const { refusal } = check(
                trust(trusts("own"), trusts("theirs", "aws-node", { Principal })),
                trust(trusts("own")),
            );
            strictEqual(refusal?.code, "role-narrowed");
        }
        const together = trusts("own", "aws-node", { Principal: { Federated: [providerOf("own"), Federated] } });
        strictEqual(check(trust(together), trust(trusts("theirs"))).refusal?.code, "role-narrowed");
    });

    it("refuses to let the cluster's own issuer leave, also if another one takes its place or it is not known", () => {
        deepStrictEqual(check(trust(trusts("own"), trusts("theirs")), trust(trusts("theirs"))), refused(loses("own")));
        deepStrictEqual(check(trust(trusts("former")), trust(trusts("own"))), refused(loses("former")));
        for (const ownProvider of [undefined, ""]) {
            const { refusal } = check(trust(trusts("own"), trusts("theirs")), trust(trusts("own")), { ownProvider });
            deepStrictEqual(refusal, refusals.roleNarrowed(ROLE, [loses("theirs")]));
        }
    });

    it("shows no line for a cluster that leaves if something else is refused", () => {
        const after = { ...trust(trusts("own")), permissionsBoundary: "b" };
        deepStrictEqual(
            check(trust(trusts("own"), trusts("theirs")), after),
            refused("it gets another permissions boundary"),
        );
    });

    it("refuses a permissions boundary that is set or changed, whatever the name, and lets it go", () => {
        for (const fixedName of [true, false]) {
            for (const before of [{}, { permissionsBoundary: "" }, { permissionsBoundary: "a" }]) {
                deepStrictEqual(
                    check(before, { permissionsBoundary: "b" }, { fixedName }),
                    refused("it gets another permissions boundary"),
                );
            }
        }
        deepStrictEqual(check({ permissionsBoundary: "a" }, { permissionsBoundary: "a" }), PASSES);
        deepStrictEqual(check({ permissionsBoundary: "a" }, {}), PASSES);
        deepStrictEqual(check({ permissionsBoundary: "a" }, { permissionsBoundary: "" }), PASSES);
    });

    it("lists all changes in one message", () => {
        const after = { ...trust(trusts("own", "other")), permissionsBoundary: "b" };
        deepStrictEqual(
            check(trust(trusts("own")), after),
            refused("it gets another permissions boundary", loses("own")),
        );
    });

    it("compares nothing that a preview does not know, and nothing that IAM would refuse", () => {
        for (const unknown of [Symbol("late"), undefined, "no JSON"]) {
            deepStrictEqual(check(trust(trusts("own")), { assumeRolePolicy: unknown }), PASSES);
            deepStrictEqual(check({ assumeRolePolicy: unknown }, trust(trusts("own"))), PASSES);
        }
        deepStrictEqual(check({}, { permissionsBoundary: Symbol("late") }), PASSES);
        deepStrictEqual(check({ assumeRolePolicy: "{}" }, trust(trusts("own"))), PASSES);
    });
});

describe("The check of an update in place of a role of one cluster with a generated name", () => {
    const generated = { fixedName: false };

    it("lets its trust policy be restored after another party has changed it: the program's arguments would replace the role", () => {
        for (const changed of [trusts("own", "another"), trusts("another"), ASSOCIATED]) {
            deepStrictEqual(check(trust(changed), trust(trusts("own")), generated), PASSES);
        }
    });

    it("refuses as with a fixed name once other clusters share it, or have shared it: the engine does not replace it then", () => {
        const shared = trust(trusts("own"), trusts("theirs"));
        const other = trusts("own", "other");
        deepStrictEqual(check(shared, trust(other), generated), refused(loses("own")));
        deepStrictEqual(check(trust(trusts("own")), trust(other, trusts("theirs")), generated), refused(loses("own")));
    });
});

describe("The check of an update in place of the policy", () => {
    const policy = (...Action: string[]) => ({ policy: policyOf({ Effect: "Allow", Action, Resource: "*" }) });

    it("refuses a document that grants less, whatever the name", () => {
        for (const fixedName of [true, false]) {
            deepStrictEqual(
                check(policy("ec2:A", "ec2:B", "ec2:C"), policy("ec2:B"), { fixedName }),
                refused("it no longer grants ec2:A, ec2:C"),
            );
        }
    });

    it("refuses a Deny that comes", () => {
        const { policy: before } = policy("ec2:A");
        const after = policyOf(
            { Effect: "Allow", Action: "ec2:A", Resource: "*" },
            { Effect: "Deny", Action: "ec2:B", Resource: "*" },
        );
        deepStrictEqual(check({ policy: before }, { policy: after }), refused("it no longer grants ec2:B"));
    });

    it("lets a document pass that grants as much, and one that a preview does not know", () => {
        deepStrictEqual(check(policy("ec2:A", "ec2:B"), policy("ec2:B", "ec2:A", "ec2:C")), PASSES);
        deepStrictEqual(check(policy("ec2:A"), { policy: Symbol("late") }), PASSES);
        deepStrictEqual(check({}, policy("ec2:A")), PASSES);
    });
});

describe("The line for a cluster whose issuer leaves", () => {
    it("has the command that must print nothing there", () => {
        const command =
            "kubectl --kubeconfig FILE get pods -n cni -o custom-columns='POD:.metadata.name,VARIABLE:.spec.containers[*]" +
            `.env[?(@.value=="${ROLE}")].name' --no-headers | grep AWS_ROLE_ARN`;
        strictEqual(
            leavingIssuer(ROLE, providerOf("oidc.example/id/A"), "cni"),
            `The role ${ROLE} stops trusting the cluster with the issuer oidc.example/id/A. Pods there that carry the role cannot renew their ` +
                `credentials then. With the kubeconfig of that cluster, this command must print nothing: ${command}`,
        );
    });
});
