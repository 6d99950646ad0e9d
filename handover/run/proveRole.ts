import type { ProofQuestion } from "../aws/awsAccess";
import type { Site } from "./loop";
import { refusals } from "../model/refusals";
import type { Subject, Timeouts } from "../model/subject";
import type { World } from "../model/world";

/** How far the proof goes before anything moves. */
export type ProofDepth = "full" | "assumeRole" | "off";

interface ProofInputs {
    readonly subject: Subject;
    readonly proof: ProofDepth;
    readonly timeouts: Timeouts;
}

/** How often the proof is asked for again while IAM settles. */
export const PROVE_EVERY_MILLISECONDS = 2000;

/** A new role takes seconds until STS and EC2 know it, so a refusal is final only after a while. */
export async function prove(site: Site, { subject, proof, timeouts }: ProofInputs, world: World): Promise<void> {
    if (proof === "off") {
        site.progress("proof: off, the canary alone decides");
        return;
    }
    const deadline = site.now() + timeouts.proofSeconds * 1000;
    for (;;) {
        const question: ProofQuestion = {
            roleArn: subject.roleArn,
            token: await site.cluster.requestToken(),
            ipFamily: subject.ipFamily,
            depth: proof,
            instanceId: world.cluster.nodes.find(({ instanceId }) => instanceId !== undefined)?.instanceId,
        };
        const answer = await site.aws.prove(question);
        if (answer.verdict === "yes") {
            site.progress(`proof: a token of the service account can use ${subject.roleArn}`);
            return;
        }
        const late = site.now() >= deadline;
        // IAM's simulator knows of a policy before EC2 enforces it, so what is undecided now may be decided soon.
        if (answer.verdict === "undecided" && late) {
            site.progress(`proof: undecided, the canary decides (${answer.why})`);
            return;
        }
        if (answer.verdict === "no" && (answer.final || late)) {
            throw refusals.proofFailed(answer, subject.roleArn);
        }
        site.progress(`proof: ${answer.why}; asks again while IAM settles`);
        await site.sleep(PROVE_EVERY_MILLISECONDS);
    }
}
