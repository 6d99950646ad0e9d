import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { type AssociationsSeen } from "../../../../handover/model/association";
import { withAssociatedRole } from "../../../../handover/model/associatedRole";
import type { CredentialSource, OtherCarrier } from "../../../../handover/model/world";
import { associations, own, withCredentials } from "../support/podIdentity";
import { carrying, LONG_AGO, onNodeRole, otherAssociated, otherCarrier, pod, ROLE, world } from "../support/worlds";

const FORMER = "arn:aws:iam::111122223333:role/former";

/** The role that a pod has, which was created so many seconds after the association was changed. */
function roleOf(seen: AssociationsSeen | undefined, credentials: CredentialSource = withCredentials, age = 60) {
    const [association] = seen?.is === "seen" ? seen.associations : [];
    const createdAt = (association?.modifiedAt ?? LONG_AGO) + age * 1000;
    const { cluster } = world(onNodeRole, { cluster: { pods: [pod("n1", credentials, { createdAt })] } });
    const [found] = withAssociatedRole(cluster, seen === undefined ? {} : { associations: seen }).pods;
    return found?.credentials.kind === "containerCredentials" ? found.credentials.roleArn : found?.credentials;
}

describe("The role that a pod has by an association", () => {
    const rows: [string, string | undefined, Parameters<typeof roleOf>][] = [
        ["is that of the only association", ROLE, [associations(own)]],
        ["is another one, if that has it", FORMER, [associations({ ...own, roleArn: FORMER })]],
        ["is known for a pod just as old as the margin", ROLE, [associations(own), withCredentials, 30]],
        ["is unknown for a younger one", undefined, [associations(own), withCredentials, 29.9]],
        ["is unknown for a pod from before the association", undefined, [associations(own), withCredentials, -60]],
        ["is unknown without an association", undefined, [associations()]],
        ["is unknown with two", undefined, [associations(own, { ...own, id: "a-2" })]],
        ["is unknown with a target role", undefined, [associations({ ...own, targetRoleArn: FORMER })]],
        ["is unknown with a session policy", undefined, [associations({ ...own, policy: true })]],
        ["is unknown without session tags", undefined, [associations({ ...own, disableSessionTags: true })]],
        ["is unknown if an add-on owns it", undefined, [associations({ ...own, ownerArn: "arn:aws:eks:addon" })]],
        [
            "is unknown if a container cannot use the credentials",
            undefined,
            [associations(own), { ...withCredentials, fault: "container a has no token" }],
        ],
        ["is unknown if EKS was not asked", undefined, [{ is: "unnamed", why: "no name" }]],
        ["is unknown before a look at the account", undefined, [undefined]],
    ];
    for (const [title, expected, args] of rows) {
        it(title, () => deepStrictEqual(roleOf(...args), expected));
    }

    it("is forgotten when the association goes", () =>
        deepStrictEqual(roleOf(associations(), { ...withCredentials, roleArn: ROLE }), undefined));

    it("is that of another DaemonSet's pod, too, which otherwise keeps none", () => {
        const margin = own.modifiedAt + 30_000;
        const rolesOf = (seen: AssociationsSeen | undefined, ...otherCarriers: OtherCarrier[]) =>
            withAssociatedRole(
                world(onNodeRole, { cluster: { otherCarriers } }).cluster,
                seen === undefined ? {} : { associations: seen },
            ).otherCarriers?.map(({ roleArns }) => roleArns);
        const [old, young] = [otherAssociated("arm", margin - 1), otherAssociated("arm", margin, FORMER)];
        deepStrictEqual(
            [
                rolesOf(associations(own), old, young, otherCarrier("arm", FORMER)),
                rolesOf(associations(), young),
                rolesOf(undefined, young),
            ],
            [[[], [ROLE], [FORMER]], [[]], [[FORMER]]],
        );
    });

    it("says of a pod no more than is known of it", () => {
        const { cluster } = world(onNodeRole, { cluster: { pods: [pod("n1", withCredentials)] } });
        const of = (seen: AssociationsSeen) => withAssociatedRole(cluster, { associations: seen });
        deepStrictEqual(
            [of(associations()).pods[0]?.credentials, Object.keys(of(associations())).includes("otherCarriers")],
            [withCredentials, Object.keys(cluster).includes("otherCarriers")],
        );
        const faulty = { ...withCredentials, fault: "container a has no token" };
        const withFault = world(onNodeRole, { cluster: { pods: [pod("n1", faulty)] } }).cluster;
        deepStrictEqual(
            withAssociatedRole(withFault, { associations: associations(own) }).pods[0]?.credentials,
            faulty,
        );
    });

    it("leaves a cluster as it is of which no pod has such credentials", () => {
        const clusters = [
            world(onNodeRole).cluster,
            world(carrying(FORMER), { cluster: { otherCarriers: [otherCarrier("arm", FORMER)] } }).cluster,
        ];
        for (const cluster of clusters) {
            strictEqual(withAssociatedRole(cluster, { associations: associations(own) }), cluster);
        }
    });

    it("does not concern other pods", () => {
        deepStrictEqual(roleOf(associations(own), carrying(FORMER)), carrying(FORMER));
        deepStrictEqual(roleOf(associations(own), onNodeRole), onNodeRole);
    });
});
