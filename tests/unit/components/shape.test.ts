import { deepStrictEqual } from "assert";
import { Shape, shapeOf } from "../../../components/shape";
import { Delivery, IpFamily } from "../../../index";

const IRSA: Shape = {
    role: true,
    ipv6Policy: false,
    serviceAccountPatch: true,
    daemonSetPatch: true,
    association: false,
    addOnRole: false,
    liveChecks: true,
    injectionGuard: false,
};
const WITHOUT_LIVE_CHECKS = { daemonSetPatch: false, liveChecks: false, injectionGuard: false };
const DETACH = { detachFromNodeRoles: ["nodes"] };
const ROLE = "arn:aws:iam::111122223333:role/cni";

const ROWS: [title: string, args: Parameters<typeof shapeOf>[0], difference: Partial<Shape>][] = [
    ["has a role, both patches and the live checks by default", {}, {}],
    ["has its own policy for IPv6", { ipFamily: IpFamily.Ipv6 }, { ipv6Policy: true }],
    ["has no policy of its own for IPv4", { ipFamily: IpFamily.Ipv4 }, {}],
    ["has no role where one exists", { existingRoleArn: ROLE }, { role: false }],
    ["has no policy for a role that exists", { existingRoleArn: ROLE, ipFamily: IpFamily.Ipv6 }, { role: false }],
    ["has an injection guard with node roles to detach from", DETACH, { injectionGuard: true }],
    ["has no injection guard if it is turned off", { ...DETACH, injectionGuard: false }, {}],
    [
        "annotates nothing where another writer does",
        { ...DETACH, delivery: Delivery.External },
        { serviceAccountPatch: false, injectionGuard: true },
    ],
    [
        "changes nothing on the cluster with external delivery and without live checks",
        { ...DETACH, delivery: Delivery.External, liveChecks: false },
        { ...WITHOUT_LIVE_CHECKS, serviceAccountPatch: false },
    ],
    [
        "changes nothing on the cluster with external delivery and without a rollout",
        { ...DETACH, delivery: Delivery.External, rollout: { enabled: false } },
        { ...WITHOUT_LIVE_CHECKS, serviceAccountPatch: false },
    ],
    [
        "gives the managed add-on the role, and has no patch that would want the annotation",
        { ...DETACH, delivery: Delivery.EksAddon },
        { serviceAccountPatch: false, addOnRole: true, injectionGuard: true },
    ],
    [
        "has an association instead of the annotation with Pod Identity",
        { ...DETACH, delivery: Delivery.PodIdentity },
        { serviceAccountPatch: false, association: true, injectionGuard: true },
    ],
    [
        "has an association and a rolling update with Pod Identity and without live checks",
        { delivery: Delivery.PodIdentity, liveChecks: false },
        { serviceAccountPatch: false, association: true, liveChecks: false },
    ],
    [
        "has an association and no rolling update with Pod Identity and without a rollout",
        { delivery: Delivery.PodIdentity, rollout: { enabled: false } },
        { serviceAccountPatch: false, association: true, daemonSetPatch: false, liveChecks: false },
    ],
    ["has the patch if the program says so", { delivery: Delivery.ServiceAccountPatch }, {}],
    ["checks nothing without a rollout", { ...DETACH, rollout: { enabled: false } }, WITHOUT_LIVE_CHECKS],
    ["restarts the pods with other settings of the rollout", { rollout: { enabled: true } }, {}],
    ["checks nothing with liveChecks: false", { ...DETACH, liveChecks: false }, { liveChecks: false }],
];

describe("The shape of a component", () => {
    for (const [title, args, difference] of ROWS) {
        it(title, () => {
            deepStrictEqual(shapeOf(args), { ...IRSA, ...difference });
        });
    }

    it("treats null, as other languages pass it, as an argument that is not given", () => {
        const nothing = {
            existingRoleArn: null,
            ipFamily: null,
            detachFromNodeRoles: null,
            liveChecks: null,
            delivery: null,
        };
        deepStrictEqual(shapeOf(nothing as unknown as Parameters<typeof shapeOf>[0]), IRSA);
    });
});
