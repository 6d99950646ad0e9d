/** A stage of kwok: https://kwok.sigs.k8s.io/docs/user/stages-configuration/ */
export interface Stage {
    name: string;
    kind: "Node" | "Pod";
    when: { key: string; operator: "Exists" | "DoesNotExist" | "In" | "NotIn"; values?: string[] }[];
    /** In milliseconds, or as an expression of jq whose result is a duration such as "1.5s". */
    delay?: number | string;
    next: { statusTemplate?: string; finalizers?: { empty: boolean }; delete?: boolean };
}

export const notDeleted = { key: ".metadata.deletionTimestamp", operator: "DoesNotExist" } as const;

export const ofAwsNode = (operator: "In" | "NotIn") => ({
    key: '.metadata.labels["k8s-app"]',
    operator,
    values: ["aws-node"],
});

/** A pod that has not started: see podTemplates.ts. */
export const notStarted = { key: ".status.podIP", operator: "DoesNotExist" } as const;

/** As kwok reads it. */
export function resource(stage: Stage) {
    return {
        apiVersion: "kwok.x-k8s.io/v1alpha1",
        kind: "Stage",
        metadata: { name: stage.name },
        spec: {
            resourceRef: { apiGroup: "v1", kind: stage.kind },
            selector: { matchExpressions: stage.when },
            ...(stage.delay !== undefined && { delay: delayOf(stage.delay) }),
            next: stage.next,
        },
    };
}

function delayOf(delay: number | string): object {
    return typeof delay === "number"
        ? { durationMilliseconds: delay }
        : { durationMilliseconds: 0, durationFrom: { jq: { expression: delay } } };
}
