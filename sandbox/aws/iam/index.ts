import type { IAMClient } from "@aws-sdk/client-iam";

import { reasonOf, policyVerdict } from "../authorise";
import { AwsError } from "../errors";
import type { Moto } from "../moto";
import { globalKeys, type LimitedPrincipal, limitedPrincipal } from "../organization";
import { queryAnswer, type AwsRequest, type AwsResponse } from "../protocol";
import type { Sessions } from "../sts/sessions";
import { parameterRefusal } from "./constraints";
import { completed, writeWithoutMoto } from "./gaps";
import { writeRefusal } from "./preconditions";
import { iamConditionKeys, iamResource } from "./resources";
import { simulatePrincipalPolicy, type SimulationContext } from "./simulation";
import type { IamState } from "./state";
import type { LastUse } from "./lastUse";
import type { StateReader } from "./stateReader";
import type { Delays, Timeline } from "./timeline";
import { readsChangedBy, type HeldAnswers } from "./visibility";
import { inAwsWords, withEncodedDocuments } from "./wording";

export interface IamContext extends SimulationContext {
    readonly moto: Moto;
    /** A client of moto, past the stand-in. */
    readonly iam: IAMClient;
    readonly reader: StateReader;
    readonly timeline: Timeline;
    readonly held: HeldAnswers;
    readonly lastUse: LastUse;
    readonly sessions: Sessions;
    readonly delays: () => Delays;
    /** Serialises writes: each is checked against the state after the previous one. */
    readonly inTurn: <T>(work: () => Promise<T>) => Promise<T>;
}

/**
 * moto keeps the state of IAM. This front adds IAM's refusals, and the delays until a change is visible and enforced.
 */
export async function answerIam(request: AwsRequest, context: IamContext): Promise<AwsResponse> {
    const enforced = context.timeline.enforced;
    const caller = context.sessions.authenticate("iam", request.credential, enforced);
    const principal = limitedPrincipal(caller, context.organization, context.accountId);
    if (principal) {
        authorise(request, principal, enforced, context);
    }
    const refusal = parameterRefusal(request.action, request.parameters);
    if (refusal) {
        throw refusal;
    }
    if (request.action === "SimulatePrincipalPolicy") {
        return simulatePrincipalPolicy(request, context.timeline.written, context);
    }
    if (/^(?:Get|List|Simulate|Generate)/.test(request.action)) {
        const read = { action: request.action, parameters: Object.fromEntries(request.parameters) };
        const answer = (): Promise<AwsResponse> => forward(request, context.moto);
        // While the client ids of a provider change, the provider does not exist for a moment: no read may observe
        // that.
        const isOfProvider = request.action.includes("OpenIDConnectProvider");
        const shown = await (context.held.find(read) ?? (isOfProvider ? context.inTurn(answer) : answer()));
        return request.action === "GetRole" ? context.lastUse.addTo(shown, context.timeline.written) : shown;
    }
    return context.inTurn(() => write(request, context));
}

function authorise(request: AwsRequest, principal: LimitedPrincipal, state: IamState, context: IamContext): void {
    const { arn: principalArn, policies } = principal;
    const action = `iam:${request.action}`;
    const target = iamResource(request.action, request.parameters, state, context.accountId);
    const keys = {
        ...iamConditionKeys(request.action, request.parameters),
        ...globalKeys(principal, "us-east-1", request.origin),
    };
    const act = { principalArn, accountId: context.accountId, action, resource: target.arn, context: keys };
    const verdict = policyVerdict(state, policies, act, context.organization.serviceControlPolicies);
    if (verdict !== "allowed") {
        throw new AwsError(
            "AccessDenied",
            `User: ${principalArn} is not authorized to perform: ${action} on resource: ${target.text} ` +
                reasonOf(verdict, action),
            403,
        );
    }
}

async function write(request: AwsRequest, context: IamContext): Promise<AwsResponse> {
    const { timeline } = context;
    const refusal = writeRefusal(request.action, request.parameters, timeline.written, context.accountId);
    if (refusal) {
        throw refusal;
    }
    if (isAttachedAlready(request, timeline.written)) {
        return queryAnswer("iam", request.action);
    }
    await holdAnswers(request, context);
    const answer =
        (await writeWithoutMoto(request, context.iam)) ??
        (await forward(await completed(request, context.iam), context.moto));
    if (answer.status === 200) {
        const { Action: action = "", ...parameters } = Object.fromEntries(request.parameters);
        timeline.record(action, parameters, await context.reader.read(action), context.delays());
    }
    return answer;
}

/** Attaching a policy twice is not an error and changes nothing. moto would count the attachment twice. */
function isAttachedAlready(request: AwsRequest, state: IamState): boolean {
    const role = state.roles[request.parameters.get("RoleName") ?? ""];
    return (
        request.action === "AttachRolePolicy" &&
        role !== undefined &&
        role.attachedPolicyArns.includes(request.parameters.get("PolicyArn") ?? "")
    );
}

async function holdAnswers(request: AwsRequest, context: IamContext): Promise<void> {
    const seconds = context.delays().visibilitySeconds;
    if (seconds <= 0) {
        return;
    }
    const reads = readsChangedBy(createdArns(request, context.accountId));
    const answers = await Promise.all(
        reads.map(async (read) => {
            const body = Buffer.from(
                new URLSearchParams({ ...read.parameters, Action: read.action, Version: "2010-05-08" }).toString(),
            );
            const parameters = new Map(Object.entries(read.parameters));
            return {
                read,
                answer: await forward({ ...request, action: read.action, parameters, body }, context.moto),
            };
        }),
    );
    const until = Date.now() + seconds * 1000;
    for (const { read, answer } of answers) {
        context.held.hold(read, answer, until);
    }
}

/** A create call contains no ARN; the reads after it do. */
function createdArns(request: AwsRequest, accountId: string): Record<string, string> {
    const parameters = Object.fromEntries(request.parameters);
    if (request.action === "CreatePolicy") {
        const path = parameters.Path ?? "/";
        return { ...parameters, PolicyArn: `arn:aws:iam::${accountId}:policy${path}${parameters.PolicyName ?? ""}` };
    }
    if (request.action === "CreateOpenIDConnectProvider") {
        const url = (parameters.Url ?? "").replace(/^https:\/\//, "");
        return { ...parameters, OpenIDConnectProviderArn: `arn:aws:iam::${accountId}:oidc-provider/${url}` };
    }
    return parameters;
}

/** An action that moto does not implement is not part of this API. moto itself answers with a page of HTML. */
async function forward(request: AwsRequest, moto: Moto): Promise<AwsResponse> {
    const answer = await moto.forward(request);
    if (answer.status >= 500) {
        throw new AwsError("InvalidAction", `Could not find operation ${request.action} for version 2010-05-08`, 400);
    }
    const body = answer.body.toString();
    return { ...answer, body: answer.status === 200 ? withEncodedDocuments(body) : inAwsWords(body) };
}
