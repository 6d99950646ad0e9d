import {
    DONE,
    withFormerRole,
    podsWithRole,
    podsWithoutRole,
    guardInForce,
    unannotated,
    refuse,
    release,
    released,
    restart,
    propagated,
    table,
    REMOVE_GUARD,
} from "../support/handBacks";
import { MANAGER, ROLE, ROLE_ARN, serviceAccount } from "../support/worlds";

table("On the way back, the cluster", [
    [
        "must be the same",
        podsWithRole({ uid: "another" }),
        refuse(
            "cluster-changed",
            "The kubeconfig points to a cluster whose kube-system namespace has the UID another. The hand-over began on the cluster with the UID cluster.",
        ),
    ],
    [
        "loses its guard before the annotation",
        podsWithRole({ injectionGuard: guardInForce, serviceAccount }),
        REMOVE_GUARD,
        {},
        propagated,
    ],
    [
        "loses a guard that is not in force as well",
        podsWithRole({ injectionGuard: { present: true, inForce: false } }),
        REMOVE_GUARD,
        {},
        propagated,
    ],
    ["loses the annotation", podsWithRole({ serviceAccount }), release({}), {}, propagated],
    [
        "loses what is left of the patch",
        podsWithRole({ serviceAccount: { ...unannotated, annotations: { "pulumi.com/patchFieldManager": MANAGER } } }),
        release({}),
        {},
        propagated,
    ],
    [
        "keeps what another component has left",
        podsWithoutRole({
            serviceAccount: { ...unannotated, annotations: { "pulumi.com/patchFieldManager": "other" } },
        }),
        DONE,
        {},
        released,
    ],
    [
        "goes back to the former annotation",
        podsWithRole({ serviceAccount }),
        release(withFormerRole.formerAnnotations),
        withFormerRole,
        propagated,
    ],
    [
        "may have lost its service account",
        podsWithRole({ serviceAccount: undefined }),
        restart("pod-n1", "pod-n1 restarts first"),
        {},
        propagated,
    ],
    [
        "must not give the role by another's annotation",
        podsWithRole({
            serviceAccount: { ...unannotated, annotations: { [ROLE_ARN]: ROLE }, roleArnOwners: ["helm"] },
        }),
        refuse("annotation-owned-by-another", 'The role annotation of kube-system/aws-node belongs to "helm".'),
        {},
        propagated,
    ],
    [
        "may give another role by another's annotation",
        podsWithoutRole({
            serviceAccount: { ...unannotated, annotations: { [ROLE_ARN]: "other" }, roleArnOwners: ["helm"] },
        }),
        DONE,
        {},
        released,
    ],
    [
        "may have lost its DaemonSet",
        podsWithoutRole({ daemonSet: undefined }),
        { do: "done", why: "there is no DaemonSet, so no pod carries the role" },
        {},
        propagated,
    ],
]);
