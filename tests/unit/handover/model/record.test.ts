import { deepStrictEqual } from "node:assert/strict";
import {
    freshRecord,
    recordedNotAttached,
    subjectOf,
    withObserved,
    withOwnNodeRoles,
    withOwnRole,
    withServiceAccount,
} from "../../../../handover/model/record";
import type { ServiceAccountSeen } from "../../../../handover/model/world";
import {
    inlinePolicy,
    BROAD_POLICY,
    CNI_POLICY,
    FORMER_ROLE,
    MANAGER,
    nodeRole,
    onNodeRole,
    OTHER_POLICY,
    record,
    ROLE,
    ROLE_ARN,
    subject,
    world,
} from "../support/worlds";

const nothing = { roleArn: ROLE, detachFromNodeRoles: [], nodeRoles: [] };
const cni = (arn: string) => ({ arn, kind: "cni" as const, sufficient: true });
const broad = { arn: BROAD_POLICY, kind: "broad" as const, sufficient: true };

describe("The record of the service accounts", () => {
    const { serviceAccount } = subject;
    const older = { namespace: "network", name: serviceAccount.name };
    const sameNamespace = { namespace: serviceAccount.namespace, name: "older" };

    it("has each once", () => {
        const one = withServiceAccount(record, serviceAccount);
        deepStrictEqual(one, { ...record, serviceAccounts: [serviceAccount] });
        deepStrictEqual(withServiceAccount(one, { ...serviceAccount }), one);
        const all = withServiceAccount(withServiceAccount(one, older), sameNamespace);
        deepStrictEqual(all.serviceAccounts, [serviceAccount, older, sameNamespace]);
    });

    it("makes those before the present one former ones of the subject", () => {
        deepStrictEqual(subjectOf(withServiceAccount(record, serviceAccount), subject), subject);
        const all = [older, serviceAccount, sameNamespace].reduce(withServiceAccount, record);
        deepStrictEqual(subjectOf(all, subject), { ...subject, formerServiceAccounts: [older, sameNamespace] });
    });
});

describe("The record of the node roles that the program manages", () => {
    const before = { ...record, ownNodeRoles: ["nodes", "old"] };
    const rows: [string, typeof record, string[], string[], string[] | undefined][] = [
        ["is missing where there are none", record, ["nodes"], [], undefined],
        ["has those that the program manages", record, ["nodes", "more"], ["more"], ["more"]],
        ["keeps those that the program no longer lists", before, [], [], ["nodes", "old"]],
        ["forgets one that the program lists and no longer manages", before, ["nodes"], [], ["old"]],
        ["is empty where the last one went to another owner", before, ["nodes", "old"], [], []],
        ["has none twice", before, ["nodes"], ["nodes"], ["old", "nodes"]],
    ];
    for (const [what, of, listed, own, expected] of rows) {
        it(what, () => {
            const { ownNodeRoles, ...rest } = withOwnNodeRoles(of, listed, own);
            deepStrictEqual([ownNodeRoles, rest], [expected, record]);
        });
    }
});

describe("The record", () => {
    it("stays as it is when nothing new is seen", () => {
        const seen = { ...nothing, detachFromNodeRoles: ["nodes"], nodeRoles: [nodeRole()] };
        deepStrictEqual(withObserved(record, seen), record);
    });

    it("forgets nothing of what is seen no more", () => {
        deepStrictEqual(withObserved(record, nothing), record);
        deepStrictEqual(withObserved(record, { ...nothing, nodeRoles: [nodeRole({ cniPolicies: [] })] }), record);
        deepStrictEqual(
            withObserved(record, { ...nothing, nodeRoles: [nodeRole({ exists: false, cniPolicies: [] })] }),
            record,
        );
    });

    it("takes a new role in after those before", () => {
        deepStrictEqual(withObserved(record, { ...nothing, roleArn: FORMER_ROLE }), {
            ...record,
            approvedRoleArns: [ROLE, FORMER_ROLE],
        });
    });

    it("takes a role that returns in only once, in its place", () => {
        const both = { ...record, approvedRoleArns: [ROLE, FORMER_ROLE] };
        deepStrictEqual(withObserved(both, nothing), both);
    });

    it("takes a newly named node role in, whatever it holds", () => {
        deepStrictEqual(withObserved(record, { ...nothing, detachFromNodeRoles: ["more", "nodes"] }), {
            ...record,
            namedNodeRoles: ["nodes", "more"],
        });
    });

    it("takes the policies of every node role in, named or not", () => {
        const nodeRoles = [nodeRole({ name: "more" }), nodeRole({ name: "bare", cniPolicies: [] })];
        deepStrictEqual(withObserved(record, { ...nothing, nodeRoles }), {
            ...record,
            nodeRolePolicies: { nodes: [CNI_POLICY], more: [CNI_POLICY], bare: [] },
        });
    });

    it("takes another policy in after those before", () => {
        const nodeRoles = [nodeRole({ cniPolicies: [cni(OTHER_POLICY), cni(CNI_POLICY)] })];
        deepStrictEqual(withObserved(record, { ...nothing, nodeRoles }), {
            ...record,
            nodeRolePolicies: { nodes: [CNI_POLICY, OTHER_POLICY] },
        });
    });

    it("has nothing of a broad policy, which stays where it is", () => {
        const nodeRoles = [nodeRole({ cniPolicies: [broad] })];
        deepStrictEqual(withObserved(record, { ...nothing, nodeRoles }), record);
    });

    it("has nothing of an inline policy", () => {
        const nodeRoles = [nodeRole({ name: "more", cniPolicies: [], inlineCniPolicies: [inlinePolicy("inline")] })];
        deepStrictEqual(withObserved(record, { ...nothing, nodeRoles }), {
            ...record,
            nodeRolePolicies: { nodes: [CNI_POLICY], more: [] },
        });
    });

    it("takes two looks at one role together", () => {
        const nodeRoles = [cni(OTHER_POLICY), cni(CNI_POLICY)].map((one) =>
            nodeRole({ name: "more", cniPolicies: [one] }),
        );
        deepStrictEqual(withObserved({ ...record, nodeRolePolicies: {} }, { ...nothing, nodeRoles }), {
            ...record,
            nodeRolePolicies: { more: [OTHER_POLICY, CNI_POLICY] },
        });
    });

    it("names each role once that goes with the component, also where an early version named none", () => {
        deepStrictEqual(withOwnRole(record, ROLE), { ...record, ownRoleArns: [ROLE] });
        const two = withOwnRole(withOwnRole(withOwnRole(record, ROLE), FORMER_ROLE), ROLE);
        deepStrictEqual(two, { ...record, ownRoleArns: [ROLE, FORMER_ROLE] });
    });

    it("gives a renamed component the names under which it began, and nothing else", () => {
        const renamed = { ...subject, component: "new", fieldManager: "eks-cni/new", injectionGuardName: "new-guard" };
        deepStrictEqual(
            subjectOf({ ...record, fieldManager: "eks-cni/old", injectionGuardName: "old-guard" }, renamed),
            {
                ...renamed,
                fieldManager: "eks-cni/old",
                injectionGuardName: "old-guard",
            },
        );
    });
});

describe("The record of a component that begins", () => {
    const formerRole = { [ROLE_ARN]: FORMER_ROLE };
    const empty = {
        clusterUid: "cluster",
        serviceAccountUid: "account",
        fieldManager: MANAGER,
        injectionGuardName: "guard",
        originalAnnotations: {},
        approvedRoleArns: [],
        namedNodeRoles: [],
        nodeRolePolicies: {},
    };
    const rows: [string, ServiceAccountSeen | undefined, object][] = [
        [
            "has the annotations of others, and nothing else of the service account",
            { uid: "account", annotations: { ...formerRole, "other.example/x": "1" }, roleArnOwners: ["eksctl"] },
            { ...empty, originalAnnotations: formerRole },
        ],
        [
            "has them also where the component owns them as well",
            { uid: "account", annotations: formerRole, roleArnOwners: [MANAGER, "eksctl"] },
            { ...empty, originalAnnotations: formerRole },
        ],
        [
            "has none that are the component's own, without live checks or from a state that was lost, and knows their role",
            { uid: "account", annotations: { [ROLE_ARN]: ROLE }, roleArnOwners: [MANAGER] },
            { ...empty, approvedRoleArns: [ROLE], ownRoleArns: [ROLE] },
        ],
        ["has none where there is no service account", undefined, { ...empty, serviceAccountUid: "" }],
    ];
    for (const [what, serviceAccount, expected] of rows) {
        it(what, () => {
            deepStrictEqual(freshRecord(subject, world(onNodeRole, { cluster: { serviceAccount } })), expected);
        });
    }
});

describe("What is recorded and not attached", () => {
    it("is each policy that the role does not hold, whatever else it holds", () => {
        const both = { ...record, nodeRolePolicies: { nodes: [CNI_POLICY, OTHER_POLICY] } };
        deepStrictEqual(recordedNotAttached(both, nodeRole({ cniPolicies: [cni(OTHER_POLICY)] })), [
            { roleName: "nodes", policyArn: CNI_POLICY },
        ]);
    });

    it("is nothing of a role that is not recorded", () => {
        deepStrictEqual(recordedNotAttached(record, nodeRole({ name: "more", cniPolicies: [] })), []);
    });
});
