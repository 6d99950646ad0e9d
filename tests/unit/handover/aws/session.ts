import { ProofRequest } from "../../../../handover/model/proof";
import { account } from "./account";
import { ACCOUNT, Answers, AwsFailure } from "./fakeAws";

export const ROLE = `arn:aws:iam::${ACCOUNT}:role/cni/prod-cni`;
export const TOKEN = "header.the-token-itself.signature";
export const SESSION_KEY = "ASIASESSION";

export const QUESTION: ProofRequest = {
    roleArn: ROLE,
    token: TOKEN,
    ipFamily: "ipv4",
    depth: "full",
    instanceId: "i-1",
};

/** The credentials of the session. */
const Credentials = {
    AccessKeyId: SESSION_KEY,
    SecretAccessKey: "sessions-secret-key",
    SessionToken: "sessions-own-token",
    Expiration: "2030-01-01T00:00:00Z",
};

const MAY = new AwsFailure("DryRunOperation", "Request would have succeeded, but DryRun flag is set.", 412);

export function mayNot(action: string): AwsFailure {
    const words = `You are not authorized to perform this operation. User: arn is not authorized to perform: ec2:${action}`;
    return new AwsFailure("UnauthorizedOperation", `${words} Encoded authorization failure message: QUJDRA`, 403);
}

/** EC2's answers to DryRuns of the session. The operator gets those of `operators`. */
export function dryRuns(operators: Answers, refused: Record<string, AwsFailure> = {}): Answers {
    const actions = [
        "AttachNetworkInterface",
        "CreateNetworkInterface",
        "CreateTags",
        "DeleteNetworkInterface",
        "DetachNetworkInterface",
        "ModifyNetworkInterfaceAttribute",
        "DescribeInstances",
    ];
    return Object.fromEntries(
        actions.map((action) => [
            `ec2:${action}`,
            (call) =>
                call.accessKeyId === SESSION_KEY ? (refused[action] ?? MAY) : operators[`ec2:${action}`]?.(call),
        ]),
    );
}

/** The policy simulator, with decisions by action. Default: allowed. */
export function simulator(decisions: Record<string, object> = {}): Answers {
    return {
        "iam:SimulatePrincipalPolicy": ({ parameters }) => ({
            EvaluationResults: members(parameters, "ActionNames").map((EvalActionName) => ({
                EvalActionName,
                EvalDecision: "allowed",
                ...decisions[EvalActionName],
            })),
        }),
    };
}

export function members(parameters: Record<string, string>, list: string): string[] {
    return Object.entries(parameters).flatMap(([name, value]) => (name.startsWith(`${list}.member.`) ? [value] : []));
}

/** An account with a node, in which the token gets a session with all permissions of the CNI. */
export function provable(): Answers {
    const world = account({ instances: [{ id: "i-1" }] });
    return { ...world, ...dryRuns(world), ...simulator(), "sts:AssumeRoleWithWebIdentity": () => ({ Credentials }) };
}
