import { deepStrictEqual } from "node:assert/strict";
import { nextWideningStep } from "../../../../handover/decide/admittedRoles";
import type { ClusterSeen } from "../../../../handover/model/world";
import { DETACH, right, table, verified, wait } from "../support/detachments";
import { associated, seen, withCredentials } from "../support/podIdentity";
import {
    carrying,
    FORMER_ROLE,
    onNodeRole,
    pod,
    pods,
    record,
    ROLE,
    ROLE_ARN,
    serviceAccount,
    starting,
    subject,
    world,
} from "../support/worlds";

const NEW = `${ROLE}-new`;
const OLD = `${ROLE}-old`;
const guard = (...roleArns: string[]) => ({ injectionGuard: { present: true, inForce: true, roleArns } });
const annotated = (roleArn: string) => ({
    serviceAccount: { ...serviceAccount, annotations: { [ROLE_ARN]: roleArn } },
});

describe("Before the service account gets another role, the injection guard", () => {
    const step = (cluster: Partial<ClusterSeen>, formerAnnotations = {}, credentials = right) =>
        nextWideningStep(
            {
                subject: { ...subject, roleArn: NEW },
                record: { ...record, approvedRoleArns: [OLD, ROLE, NEW] },
                formerAnnotations,
            },
            world(credentials, { cluster }),
        );
    const admit = (...roleArns: string[]) => ({
        do: "admitRoles",
        roleArns,
        why: `the injection guard also admits pods with ${NEW} from now on`,
    });

    it("admits the new role as well", () => deepStrictEqual(step(guard(ROLE)), admit(ROLE, NEW)));

    it("stays as it is where it admits the new role", () =>
        deepStrictEqual(step(guard(ROLE, NEW)), { do: "done", why: `the injection guard admits ${NEW}` }));

    it("stays as it is where there is none, or no policy", () => {
        const none = { do: "done", why: "there is no injection guard" };
        deepStrictEqual(step({}), none);
        deepStrictEqual(step({ injectionGuard: { present: true, inForce: false } }), none);
    });

    it("admits approved roles that pods or the annotation have, with the expressions of an earlier version", () => {
        deepStrictEqual(step(guard()), admit(ROLE, NEW));
        deepStrictEqual(step({ ...guard(), pods: pods(right, pod("n2", carrying(OLD))) }), admit(OLD, ROLE, NEW));
        deepStrictEqual(step({ ...guard(), ...annotated(OLD) }), admit(OLD, ROLE, NEW));
        deepStrictEqual(step({ ...guard(), ...annotated(OLD) }, {}, onNodeRole), admit(OLD, NEW));
        deepStrictEqual(step({ ...guard(), serviceAccount: undefined }), admit(ROLE, NEW));
    });

    it("admits no role that was never approved, unless it would be restored", () => {
        const theirs = { ...guard(ROLE), ...annotated("theirs"), pods: pods(right, pod("n2", carrying("theirs"))) };
        deepStrictEqual(step(theirs), admit(ROLE, NEW));
        deepStrictEqual(step(guard(ROLE), { [ROLE_ARN]: FORMER_ROLE }), admit(ROLE, FORMER_ROLE, NEW));
    });
});

const narrow = (others: string) => ({
    do: "admitRoles",
    roleArns: [ROLE],
    why: `the injection guard no longer admits pods with ${others}`,
});
const again = (why: string, ...roleArns: string[]) => ({ do: "admitRoles", roleArns, why });
const AGAIN = `the injection guard was changed: it admits pods with ${ROLE} again`;

table("The list of the injection guard", [
    ["is limited to the role once every pod carries it", verified(guard(OLD, ROLE, NEW)), narrow(`${OLD}, ${NEW}`)],
    [
        "is not limited while a pod carries another role",
        verified({ ...guard(OLD, ROLE), pods: pods(right, pod("n2", carrying(OLD))) }),
        { do: "restart", pods: ["pod-n2"], why: `pod-n2 carries ${OLD}` },
    ],
    [
        "is not limited while a pod starts",
        verified({ ...guard(OLD, ROLE), pods: pods(right, pod("n2", right, starting)) }),
        wait("2 of 3 pods are Ready (not Ready yet: pod-n2)"),
    ],
    [
        "gets the role again before any pod restarts, and keeps approved roles only",
        verified({ ...guard(OLD, "theirs"), pods: pods(right, pod("n2", carrying(OLD))) }),
        again(AGAIN, OLD, ROLE),
        { record: { ...record, approvedRoleArns: [OLD, ROLE] } },
    ],
    [
        "replaces expressions of an earlier version",
        verified(guard()),
        again(
            `the injection guard has other expressions than this version's: it compares pods with ${ROLE} from now on`,
            ROLE,
        ),
    ],
    [
        "stays as it is where the program does not ask for the guard",
        verified(guard(OLD)),
        {
            do: "removeInjectionGuard",
            why: "removing the injection guard, which the program no longer asks for",
        },
        { injectionGuard: false },
    ],
]);

const none = { injectionGuard: { present: false, inForce: false } };
const create = (...roleArns: string[]) => ({
    do: "createInjectionGuard",
    roleArns,
    why: "creating the injection guard guard: from now on it refuses new pods without the role",
});

table("The injection guard", [
    ["is created once every pod carries the role", verified(none), create(ROLE)],
    [
        "is created while a pod starts: it has the role already",
        verified({ ...none, pods: pods(right, pod("n2", right, starting)) }),
        create(ROLE),
    ],
    [
        "is not created while a pod carries another role, which restarts first",
        verified({ ...none, pods: pods(right, pod("n2", carrying(OLD))) }),
        { do: "restart", pods: ["pod-n2"], why: `pod-n2 carries ${OLD}` },
    ],
    [
        "does not wait for a pod that ends",
        verified({ ...none, pods: pods(right, pod("n2", right), { ...pod("n2", onNodeRole), terminating: true }) }),
        create(ROLE),
    ],
    [
        "is created again without its policy",
        verified({ injectionGuard: { present: true, inForce: false } }),
        create(ROLE),
    ],
    [
        "gets its binding again, and keeps approved roles only",
        verified({
            injectionGuard: { present: true, inForce: false, roleArns: [OLD, "theirs"], unbound: true },
        }),
        create(OLD, ROLE),
        { record: { ...record, approvedRoleArns: [OLD, ROLE] } },
    ],
    [
        "admits no role by name with an association",
        seen(withCredentials, { cluster: none }),
        create(),
        { subject: associated, canarySeconds: 1e9 },
    ],
    [
        "is not created over that of another party",
        verified({ injectionGuard: { ...none.injectionGuard, othersManagers: ["kubectl", "argocd"] } }),
        {
            refuse: "injection-guard-of-another",
            seen: "The cluster has a ValidatingAdmissionPolicy or a ValidatingAdmissionPolicyBinding guard, which this component has not applied. Its field managers: kubectl, argocd.",
        },
    ],
    [
        "is not looked for where the program does not ask for it",
        verified({ injectionGuard: { ...none.injectionGuard, othersManagers: ["kubectl"] } }),
        DETACH,
        { injectionGuard: false },
    ],
]);
