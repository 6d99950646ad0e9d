import type { ProofRequest } from "../model/proof";
import { refusals } from "../model/refusals";
import type { Subject, Timeouts } from "../model/subject";
import type { World } from "../model/world";
import type { RunContext } from "../observe/runContext";

/** How much the proof tests before anything is changed. */
export type ProofDepth = "full" | "assumeRole" | "off";

interface ProofInputs {
    readonly subject: Subject;
    readonly proof: ProofDepth;
    readonly timeouts: Timeouts;
}

/** How often the proof is repeated while IAM propagates a change. */
export const PROVE_EVERY_MILLISECONDS = 2000;

/** Repeats the proof until the time limit, since STS and EC2 know a new role only after seconds. */
export async function prove(
    context: RunContext,
    { subject, proof, timeouts }: ProofInputs,
    world: World,
): Promise<void> {
    if (proof === "off") {
        context.progress("proof: off, the canary alone decides");
        return;
    }
    const deadline = context.now() + timeouts.proofSeconds * 1000;
    for (;;) {
        const request: ProofRequest = {
            roleArn: subject.roleArn,
            token: await context.cluster.requestToken(),
            ipFamily: subject.ipFamily,
            depth: proof,
            instanceId: world.cluster.nodes.find(({ instanceId }) => instanceId !== undefined)?.instanceId,
        };
        const answer = await context.aws.prove(request);
        if (answer.verdict === "yes") {
            context.progress(`proof: a token of the service account can use ${subject.roleArn}`);
            return;
        }
        const late = context.now() >= deadline;
        // IAM's simulator knows of a policy before EC2 enforces it, so what is undecided now may be decided soon.
        if (answer.verdict === "undecided" && late) {
            context.progress(`proof: undecided, the canary decides (${answer.why})`);
            return;
        }
        if (answer.verdict === "no" && (answer.final || late)) {
            throw refusals.proofFailed(answer, subject.roleArn);
        }
        context.progress(`proof: ${answer.why}; trying again while IAM propagates the change`);
        await context.sleep(PROVE_EVERY_MILLISECONDS);
    }
}
