import { deepStrictEqual, strictEqual } from "node:assert/strict";
import {
    accountsOf,
    cutOff,
    leavingSubjects,
    namespacesOf,
    narrowingOfPolicy,
    narrowingOfRole,
    type RoleInputs,
    sharedWith,
} from "../../../../handover/decide/narrowing";
import { type CarrierSeen, nextCarrier } from "../../../../handover/model/carrier";
import type { CredentialSource } from "../../../../handover/model/world";
import { carrying, FORMER_ROLE, onNodeRole, ROLE } from "../support/worlds";

const POD = "system:serviceaccount:kube-system:aws-node";

/** A trust policy of these clusters, each with a subject. */
function trust(...trusted: [issuer: string, subject?: string][]): RoleInputs {
    const Statement = trusted.map(([issuer, subject = POD]) => ({
        Effect: "Allow",
        Principal: { Federated: `arn:aws:iam::111122223333:oidc-provider/${issuer}` },
        Condition: { StringEquals: { [`${issuer}:sub`]: subject } },
    }));
    return { assumeRolePolicy: JSON.stringify({ Statement }) };
}

const pod = (credentials: CredentialSource, more: Partial<CarrierSeen> = {}): CarrierSeen => ({
    name: "pod",
    namespace: "kube-system",
    serviceAccount: "aws-node",
    credentials,
    ...more,
});
const ours = pod(carrying(ROLE));

/** Whether the update cuts off this pod, on a cluster whose issuer is known or not. */
function cuts(before: RoleInputs, after: RoleInputs, issuer: string | null = "own", seen = ours): boolean {
    return (
        cutOff(narrowingOfRole(before, after, "own"), [seen], { roleArn: ROLE, issuer: issuer ?? undefined }).length > 0
    );
}

describe("What an update of the role takes away", () => {
    it("is nothing if neither the trust policy nor the boundary changes, or the boundary goes", () => {
        for (const [before, after] of [
            [trust(["own"]), trust(["own"])],
            [{ permissionsBoundary: "a" }, { permissionsBoundary: "a" }],
            [{ permissionsBoundary: "a" }, {}],
            [{ permissionsBoundary: "a" }, { permissionsBoundary: "" }],
            [trust(["own"]), trust(["own"], ["more"])],
        ] as const) {
            const { changes, concernsThisCluster } = narrowingOfRole(before, after, "own");
            deepStrictEqual([changes, concernsThisCluster, cuts(before, after)], [[], false, false]);
        }
    });

    it("is what another boundary forbids, which may be anything", () => {
        for (const before of [{}, { permissionsBoundary: "a" }]) {
            const after = { permissionsBoundary: "b" };
            const { changes, concernsThisCluster } = narrowingOfRole(before, after, "own");
            deepStrictEqual([changes, concernsThisCluster], [["it gets another permissions boundary"], true]);
            strictEqual(cuts(before, after), true);
            strictEqual(cuts(before, after, null), true);
        }
    });

    it("is the trust in another service account of the same cluster", () => {
        const [before, after] = [trust(["own"]), trust(["own", "system:serviceaccount:kube-system:other"])];
        const { changes, concernsThisCluster } = narrowingOfRole(before, after, "own");
        deepStrictEqual([changes, concernsThisCluster], [[`it no longer trusts ${POD} of own`], true]);
        deepStrictEqual([cuts(before, after), cuts(before, after, null)], [true, true]);
        const other = { ...ours, serviceAccount: "other" };
        strictEqual(cuts(before, after, "own", other), false, "a pod of that account");
        strictEqual(cuts(before, after, "own", { ...other, namespace: "another" }), true, "in another namespace");
    });

    it("is the trust in every subject, if the policy of another writer had no condition", () => {
        const bare = { assumeRolePolicy: trust(["own", ""]).assumeRolePolicy };
        const { changes, concernsThisCluster } = narrowingOfRole(bare, trust(["own"]), "own");
        deepStrictEqual([changes, concernsThisCluster], [["it no longer trusts every subject of own"], true]);
        strictEqual(cuts(bare, trust(["own"])), false, "the pod is still trusted");
        strictEqual(cuts(trust(["own"]), bare), false, "every pod is");
        strictEqual(cuts(trust(["own"]), trust(["own", "system:serviceaccount:kube-system:aws-*"])), false);
        strictEqual(cuts(trust(["own"]), trust(["own", "system:serviceaccount:kube-system:b*"])), true);
    });

    it("is the trust in the cluster's own issuer", () => {
        const [before, after] = [trust(["former"]), trust(["own"])];
        const { concernsThisCluster, changes } = narrowingOfRole(before, after, "own");
        deepStrictEqual([changes, concernsThisCluster], [[`it no longer trusts ${POD} of former`], true]);
        deepStrictEqual(
            ["former", null, "own", "third"].map((issuer) => cuts(before, after, issuer)),
            [true, true, false, false],
        );
    });

    it("is nothing of this cluster if only another cluster's issuer leaves", () => {
        const [before, after] = [trust(["own"], ["theirs"]), trust(["own"])];
        const narrowing = narrowingOfRole(before, after, "own");
        deepStrictEqual(narrowing.changes, [`it no longer trusts ${POD} of theirs`]);
        strictEqual(narrowing.concernsThisCluster, false);
        deepStrictEqual(leavingSubjects(narrowing), [{ issuer: "theirs", subject: POD }]);
        deepStrictEqual(
            ["own", null].map((issuer) => cuts(before, after, issuer)),
            [false, false],
        );
        strictEqual(cuts(before, after, "theirs"), true, "the kubeconfig is that of the other cluster");
    });

    it("is compared only if both policies are known", () => {
        for (const unknown of [Symbol("late"), undefined, "no JSON"]) {
            for (const [before, after] of [
                [trust(["former"]), { assumeRolePolicy: unknown }],
                [{ assumeRolePolicy: unknown }, trust(["own"])],
            ] as const) {
                deepStrictEqual(narrowingOfRole(before, after, "own").changes, []);
            }
        }
        const late = { permissionsBoundary: Symbol("late") };
        deepStrictEqual(narrowingOfRole({}, late, "own").changes, []);
    });

    it("takes the issuers that leave for other clusters while the own one is not known", () => {
        const narrowing = narrowingOfRole(trust(["former"]), trust(["own"]), undefined);
        deepStrictEqual([narrowing.concernsThisCluster, leavingSubjects(narrowing).length], [false, 1]);
    });

    it("names no other cluster if the own issuer leaves", () => {
        deepStrictEqual(leavingSubjects(narrowingOfRole(trust(["former"]), trust(["own"]), "own")), []);
    });

    it("would take it from other clusters, too, if they share the role", () => {
        const shared = trust(["own"], ["theirs"], ["theirs", "more"]);
        const bounded = { ...shared, permissionsBoundary: "b" };
        deepStrictEqual(sharedWith(narrowingOfRole(shared, bounded, "own"), "own"), ["theirs"]);
        deepStrictEqual(sharedWith(narrowingOfRole(shared, trust(["third"]), "third"), "third"), ["own", "theirs"]);
        deepStrictEqual(sharedWith(narrowingOfRole(shared, trust(["own"]), "own"), "own"), [], "only they leave");
        const alone = trust(["own"]);
        const boundedAlone = { ...alone, permissionsBoundary: "b" };
        deepStrictEqual(sharedWith(narrowingOfRole(alone, boundedAlone, "own"), "own"), []);
        deepStrictEqual(sharedWith(narrowingOfRole(trust(["former"]), alone, "own"), "own"), []);
    });

    it("is looked for in the namespaces of both policies", () => {
        const account = (name: string) => `system:serviceaccount:${name}`;
        const narrowing = narrowingOfRole(
            trust(["own", account("a:x")], ["own", account("*:x")], ["own", "user"], ["own", account("b?:x")]),
            trust(["own", account("c:x")]),
            "own",
        );
        deepStrictEqual(namespacesOf(narrowing, "kube-system"), ["kube-system", "a", "c"]);
        deepStrictEqual(namespacesOf(narrowing, "a"), ["a", "c"]);
    });

    it("matters to the pods that carry the role, wholly or in part", () => {
        const after = { permissionsBoundary: "b" };
        const partly: CredentialSource = { kind: "incomplete", roleArns: [ROLE], what: "" };
        deepStrictEqual(
            [carrying(ROLE), partly, carrying(FORMER_ROLE), onNodeRole].map((credentials) =>
                cuts({}, after, "own", pod(credentials)),
            ),
            [true, true, false, false],
        );
    });
});

describe("What an update of a role that several clusters share takes away", () => {
    const OTHER = POD.replace("aws-node", "other");

    it("concerns this cluster if a subject of a staying issuer goes, whatever else goes", () => {
        const before = trust(["own"], ["own", OTHER], ["theirs"], ["gone"]);
        for (const after of [trust(["own"], ["theirs"], ["gone"]), trust(["own"], ["theirs"])]) {
            strictEqual(narrowingOfRole(before, after, "own").concernsThisCluster, true);
        }
        const leaves = trust(["own"], ["own", OTHER], ["theirs"]);
        strictEqual(narrowingOfRole(before, leaves, "own").concernsThisCluster, false);
    });

    it("is the trust of the issuers that leave, and of no other", () => {
        const narrowing = narrowingOfRole(trust(["own"], ["theirs"], ["gone"]), trust(["own"], ["theirs"]), "own");
        deepStrictEqual(leavingSubjects(narrowing), [{ issuer: "gone", subject: POD }]);
    });
});

describe("The service accounts whose pods lose something", () => {
    const own = { namespace: "kube-system", name: "aws-node" };
    const named = (subject: string) => trust(["own", `system:serviceaccount:${subject}`]);

    it("are those that the trust policy names, each once", () => {
        const changed = (...subjects: string[]) =>
            accountsOf(
                narrowingOfRole(
                    trust(...subjects.map((subject): [string, string] => ["own", `system:serviceaccount:${subject}`])),
                    trust(["own", "other"]),
                    "own",
                ),
                own,
            );
        deepStrictEqual(changed("cni:agent", "cni:more", "cni:agent"), [
            { namespace: "cni", name: "agent" },
            { namespace: "cni", name: "more" },
            own,
        ]);
        deepStrictEqual(changed("kube-system:aws-node"), [own]);
    });

    it("are not those of a pattern", () => {
        for (const subject of ["cni:*", "cni:agent-?", "*:agent"]) {
            const narrowing = narrowingOfRole(named(subject), trust(["own", "other"]), "own");
            deepStrictEqual(accountsOf(narrowing, undefined), []);
        }
    });

    it("have a next pod, which carries the role as soon as it is created", () => {
        deepStrictEqual(nextCarrier({ namespace: "cni", name: "agent" }, ROLE), {
            name: "each new pod of cni/agent",
            namespace: "cni",
            serviceAccount: "agent",
            credentials: carrying(ROLE),
        });
    });
});

describe("What an update of the role's policy takes away", () => {
    const policy = (...Action: string[]) => JSON.stringify({ Statement: [{ Effect: "Allow", Action, Resource: "*" }] });

    it("are actions, from every pod that carries a role", () => {
        const narrowing = narrowingOfPolicy(policy("ec2:A", "ec2:B", "ec2:C"), policy("ec2:B"));
        deepStrictEqual(narrowing.changes, ["it no longer grants ec2:A, ec2:C"]);
        strictEqual(narrowing.concernsThisCluster, true);
        deepStrictEqual(leavingSubjects(narrowing), []);
        deepStrictEqual(namespacesOf(narrowing, "kube-system"), ["kube-system"]);
        const pods = [ours, pod(carrying(FORMER_ROLE)), pod(onNodeRole)];
        deepStrictEqual(cutOff(narrowing, pods, { roleArn: undefined, issuer: undefined }), pods.slice(0, 2));
    });

    it("is nothing if actions are added, or the document is not known", () => {
        for (const [before, after] of [
            [policy("ec2:A"), policy("ec2:A", "ec2:B")],
            [policy("ec2:A"), Symbol("late")],
            [undefined, policy("ec2:A")],
        ]) {
            const { changes, concernsThisCluster, permissions } = narrowingOfPolicy(before, after);
            deepStrictEqual([changes, concernsThisCluster, permissions], [[], false, false]);
        }
    });
});
