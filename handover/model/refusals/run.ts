import type { Proof } from "../proof";
import { Refusal } from "../refusal";
import type { Subject } from "../subject";
import { withFullStop } from "./texts";

/** The refusals of a run as a whole. */
export const runRefusals = {
    roleNotApproved: (roleArn: string) =>
        new Refusal(
            "role-not-approved",
            `The credential guard has not approved the role ${roleArn}.`,
            "This run left the guard out (--target, --exclude), or goes on although the guard has failed (--continue-on-error). The role is not proved, so the run delivers it to no pod, and the pods keep the role that they have.",
            "If the guard has failed, fix the cause in its message. Run pulumi up without --target and --exclude.",
        ),
    handOverUnfinished: (roleArn: string) =>
        new Refusal(
            "hand-over-unfinished",
            `Not all pods are known to carry the role ${roleArn}, which the credential guard has approved.`,
            "This run left a live check out (--target, --exclude), or goes on although one has failed (--continue-on-error). Pods may still carry the role of before, so the program fails, and the engine deletes no role.",
            "If a live check has failed, fix the cause in its message. Run pulumi up without --target and --exclude.",
        ),
    timeout: (what: string, seconds: number, argument: string, last: string) =>
        new Refusal(
            "time-limit",
            `${what} reached its limit of ${String(seconds)} s. Last seen: ${withFullStop(last)}`,
            "Nothing that pods need was taken away. The next run continues from here.",
            `Fix the cause and run again, or raise ${argument}.`,
        ),
    cancelled: () =>
        new Refusal(
            "cancelled",
            "The run was cancelled.",
            "Nothing that pods need was taken away. The next run continues from here.",
            "Run the same command again.",
        ),
    proofFailed: (
        { code, why, fix }: Pick<Extract<Proof, { verdict: "no" }>, "code" | "why" | "fix">,
        { roleArn, delivery }: Pick<Subject, "roleArn" | "delivery">,
    ) =>
        new Refusal(
            code,
            `The proof that ${delivery === "podIdentity" ? "EKS Pod Identity can give the pods" : "a token of the service account can use"} ${roleArn} failed: ${withFullStop(why)}`,
            "Nothing on the cluster was changed.",
            fix ??
                'Fix the cause, and run the same command again. If the machine that runs Pulumi is not allowed to test more, set proof: "assumeRole" or proof: "off"; the canary still runs.',
        ),
};
