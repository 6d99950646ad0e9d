import { ROLE_ARN_ANNOTATION } from "../../documents/serviceAccountAnnotations";
import type { Proof, ProofRequest } from "../model/proof";
import type { HandOverRecord } from "../model/record";
import { isRefusal } from "../model/refusal";
import { RunContext } from "../observe/runContext";
import type { LiveInputs } from "./liveResource";
import { ofRoleInUse, PROVE_EVERY_MILLISECONDS } from "./proveRole";

/** The inputs of the credential guard that this needs. */
type FormerRoleInputs = Pick<LiveInputs, "subject" | "timeouts"> & { readonly existingRoleOfProgram?: boolean };

/** Whether the service account had a role before the hand-over (from eksctl, for example) that stays and still works. */
export async function formerRoleWorks(
    context: RunContext,
    { originalAnnotations, ownRoleArns = [] }: HandOverRecord,
    { subject, timeouts, existingRoleOfProgram = false }: FormerRoleInputs,
): Promise<boolean> {
    const roleArn = originalAnnotations[ROLE_ARN_ANNOTATION];
    if (roleArn === undefined) {
        return false;
    }
    if (ownRoleArns.includes(roleArn)) {
        // For example an imported role whose ARN was annotated before. The engine deletes it after the hand-back.
        context.progress(
            `${roleArn}, the role before the hand-over, belongs to the component and is deleted with it: no role is restored`,
        );
        return false;
    }
    if (existingRoleOfProgram && roleArn === subject.roleArn) {
        context.progress(
            `${roleArn}, the role before the hand-over, belongs to the program, which may delete it in this operation: no role is restored`,
        );
        return false;
    }
    const token = await tokenUnlessGone(context);
    if (token === undefined) {
        return false;
    }
    const { ipFamily } = subject;
    const request = ofRoleInUse({ roleArn, token, ipFamily, depth: "full", instanceId: undefined }, subject);
    const answer = await provedInTime(context, request, timeouts.proofSeconds);
    if (answer.verdict === "no" && isUnanswered(answer)) {
        context.progress(
            `${roleArn}, the role before the hand-over, is restored without a proof (${answer.why}): the first pod that restarts shows whether it works`,
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

/** Repeats a proof that STS did not answer: a network outage or throttling may pass. */
async function provedInTime(context: RunContext, request: ProofRequest, seconds: number): Promise<Proof> {
    const deadline = context.now() + seconds * 1000;
    for (;;) {
        const answer = await context.aws.prove(request);
        if (!isUnanswered(answer) || context.now() >= deadline) {
            return answer;
        }
        await context.sleep(PROVE_EVERY_MILLISECONDS);
    }
}

function isUnanswered(answer: Proof): boolean {
    return answer.verdict === "no" && answer.code === "sts-unreachable";
}

/** For a service account that no longer exists, no role is restored, and the hand-back continues. */
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
