/** What is perturbed between a run and its cluster and account. The lists repeat from their beginning. */
import * as fc from "fast-check";

export interface Perturbations {
    /** How old the view of each look at the cluster is when the run gets it, in milliseconds. */
    readonly views: readonly number[];
    /**
     * How much earlier than pods and nodes each look reads the service account, the DaemonSet and the injection guard, in milliseconds:
     * handover/kubernetes/lookAtCluster.ts reads them in this order.
     */
    readonly torn: readonly number[];
    /** How long each wait goes on after the change that ends it, in milliseconds: the run does not observe the states in between. */
    readonly waits: readonly number[];
    /** How old the policies of the node roles are that IAM shows at each look at the account, in milliseconds. */
    readonly iam: readonly number[];
    /** The calls that fail as if nothing answered, by their position among those of their kind. */
    readonly lost: readonly LostCall[];
}

export interface LostCall {
    /** A write whose answer is lost has happened. A request that is lost has not. */
    readonly kind: "answer" | "request" | "read";
    readonly at: number;
}

export const NO_PERTURBATIONS: Perturbations = { views: [], torn: [], waits: [], iam: [], lost: [] };

/**
 * IAM shows the old state again for less time than the model's `iamPropagationSeconds` (5): that is the time which an operator grants it.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html ("Changes that I make are not always immediately visible")
 */
export const IAM_SHOWS_OLD_MILLISECONDS = 4500;

/** Mostly nothing, so that most runs come to their end. */
const delays = (...milliseconds: number[]) =>
    fc.oneof(
        { arbitrary: fc.constant([]), weight: 3 },
        { arbitrary: fc.array(fc.constantFrom(0, 0, ...milliseconds), { minLength: 1, maxLength: 5 }), weight: 1 },
    );

const lost: fc.Arbitrary<LostCall> = fc.oneof(
    fc.record({
        kind: fc.constantFrom("answer" as const, "answer" as const, "request" as const),
        at: fc.nat({ max: 24 }),
    }),
    fc.record({ kind: fc.constant("read" as const), at: fc.nat({ max: 60 }) }),
);

export const perturbations: fc.Arbitrary<Perturbations> = fc.record({
    views: delays(500, 2000, 6000, 15_000),
    torn: delays(250, 1000, 4000),
    waits: delays(1000, 4000, 12_000),
    iam: fc.oneof(
        { arbitrary: fc.constant([]), weight: 1 },
        {
            arbitrary: fc.array(fc.constantFrom(0, 500, 1500, 3000, IAM_SHOWS_OLD_MILLISECONDS), {
                minLength: 1,
                maxLength: 5,
            }),
            weight: 1,
        },
    ),
    lost: fc.oneof(
        { arbitrary: fc.constant([]), weight: 1 },
        { arbitrary: fc.array(lost, { minLength: 1, maxLength: 4 }), weight: 1 },
    ),
});
