import { ROLE_ARN_ANNOTATION } from "../../documents/serviceAccountAnnotations";
import type { Proof, ProofQuestion } from "../model/proof";
import type { HandOverRecord } from "../model/record";
import { isRefusal } from "../model/refusal";
import { RunContext } from "../observe/runContext";
import type { LiveInputs } from "./liveResource";
import { PROVE_EVERY_MILLISECONDS } from "./proveRole";

/** Whether the service account had a role before, as eksctl gives it, that stays, and this one still does its job. */
export async function formerStillWorks(
    context: RunContext,
    { originalAnnotations, ownRoleArns = [] }: HandOverRecord,
    { subject, timeouts }: Pick<LiveInputs, "subject" | "timeouts">,
): Promise<boolean> {
    const roleArn = originalAnnotations[ROLE_ARN_ANNOTATION];
    if (roleArn === undefined) {
        return false;
    }
    if (ownRoleArns.includes(roleArn)) {
        // As when a role is imported whose ARN is on the service account already: the engine deletes it when this has finished.
        context.progress(
            `${roleArn}, the role before the hand-over, belongs to the component and goes with it: no role is restored`,
        );
        return false;
    }
    const token = await tokenUnlessGone(context);
    if (token === undefined) {
        return false;
    }
    const question: ProofQuestion = {
        roleArn,
        token,
        ipFamily: subject.ipFamily,
        depth: "full",
        instanceId: undefined,
    };
    const answer = await provedInTime(context, question, timeouts.proofSeconds);
    if (answer.verdict === "no" && isSilence(answer)) {
        context.progress(
            `${roleArn}, the role before the hand-over, is restored without a proof (${answer.why}): its first pod decides`,
        );
        return true;
    }
    if (answer.verdict === "no") {
        context.progress(
            `${roleArn}, the role before the hand-over, no longer works (${answer.why}): no role is restored`,
        );
    }
    return answer.verdict !== "no";
}

/** What says nothing of a role may pass: a network that is away, calls that come too often. */
async function provedInTime(context: RunContext, question: ProofQuestion, seconds: number): Promise<Proof> {
    const deadline = context.now() + seconds * 1000;
    for (;;) {
        const answer = await context.aws.prove(question);
        if (!isSilence(answer) || context.now() >= deadline) {
            return answer;
        }
        await context.sleep(PROVE_EVERY_MILLISECONDS);
    }
}

function isSilence(answer: Proof): boolean {
    return answer.verdict === "no" && answer.code === "sts-unreachable";
}

/** A service account that is gone takes no role back, and is no obstacle. */
async function tokenUnlessGone({ cluster }: RunContext): Promise<string | undefined> {
    try {
        return await cluster.requestToken();
    } catch (error) {
        if (isRefusal(error, "service-account-missing")) {
            return undefined;
        }
        throw error;
    }
}
