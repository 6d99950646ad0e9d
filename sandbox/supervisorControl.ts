/** A sandbox's control: calls over HTTP on loopback, for callers with its token. */
import { randomBytes, timingSafeEqual } from "node:crypto";
import { type IncomingMessage, createServer } from "node:http";
import type { AddOnBehavior, NextEnds } from "./aws/eks/addOns/behavior";
import type { AddOn } from "./aws/eks/addOns/addOn";
import type { AddOnCondition } from "./aws/eks/addOns/ends";
import type { CreateAddOn, UpdateAddOn } from "./aws/eks/addOns/requests";
import type { AddOnUpdate } from "./aws/eks/addOns/updates";
import type { IssuerKeys } from "./aws/sts/issuers";
import type { WebIdentityRefusal } from "./aws/sts/refusals";
import type { Throttling } from "./aws/throttling";
import type { Launch } from "./cluster/awsAccount";
import type { OtherNode, OtherNodeKind } from "./cluster/otherNodes";
import type { PodFailure } from "./cluster/podFailures";
import type { PodIdentityControls } from "./podIdentityControls";

export interface AwsDelays {
    enforcementSeconds?: number;
    visibilitySeconds?: number;
}

/** The credentials of a user of the account. */
export interface UserKeys {
    arn: string;
    accessKeyId: string;
    secretAccessKey: string;
}

/** The issuer of another cluster, and where its keys are. */
export interface TrustedIssuer extends IssuerKeys {
    issuer: string;
}

/** The calls of a sandbox's supervisor. Arguments and results are plain JSON. */
export interface Controls extends PodIdentityControls {
    stopWebhook(): Promise<void>;
    startWebhook(): Promise<void>;
    delayWebhook(milliseconds: number): void;
    setWebhookCacheDelay(milliseconds: number | "never"): void;
    showWrongCertificate(isWrong: boolean): void;
    setAwsDelays(delays: AwsDelays): void;
    setThrottling(throttling: Throttling): void;
    trustIssuer(issuer: TrustedIssuer): void;
    /** Null ends it. */
    refuseWebIdentity(code: WebIdentityRefusal | null): void;
    setResourceControlPolicies(documents: string[]): void;
    expireSession(accessKeyId: string): void;
    /** Null for all nodes. */
    setStsReachableFromNodes(isReachable: boolean, nodes: string[] | null): void;
    renewAgentSessions(): void;
    /** Null for all nodes. */
    killContainers(nodes: string[] | null): void;
    createUser(name: string, policyDocuments: string[]): UserKeys;
    setServiceControlPolicies(levels: string[][]): void;
    optInRegions(regions: string[]): void;
    setRoleLastUsed(roleName: string, region: string): void;
    setAddOnBehavior(behavior: Partial<AddOnBehavior>): void;
    setNextAddOnEnds(ends: NextEnds): void;
    setAddOnCondition(condition: AddOnCondition): void;
    createAddOn(asked: Omit<CreateAddOn, "addonName">): Promise<AddOn>;
    updateAddOn(asked: UpdateAddOn): Promise<AddOnUpdate>;
    upgradeAddOn(version: string): Promise<AddOnUpdate>;
    deleteAddOn(preserve: boolean): Promise<void>;
    revertAddOnDrift(): Promise<void>;
    addOnSettled(): Promise<void>;
    restartApiServer(): Promise<void>;
    addNode(as: Launch): Promise<string>;
    addOtherNode(kind: OtherNodeKind, as: Launch): Promise<OtherNode>;
    removeNode(name: string): Promise<void>;
    nodeSubnets(): Record<string, string>;
    stopKubelet(name: string): Promise<void>;
    startKubelet(name: string): Promise<void>;
    setPodReadySeconds(seconds: number): Promise<void>;
    setPodDeletionSeconds(seconds: number): Promise<void>;
    /** Null as the failure ends it, and null as the nodes means all. */
    setPodsFail(failure: PodFailure | null, nodes: string[] | null): Promise<void>;
    reset(): Promise<void>;
}

type Answer<K extends keyof Controls> = Awaited<ReturnType<Controls[K]>>;

interface ControlCall {
    call: keyof Controls;
    arguments: unknown[];
}

function perform({ call, arguments: given }: ControlCall, controls: Controls): unknown {
    if (!Object.hasOwn(controls, call)) {
        throw new Error("unknown call");
    }
    return (controls as unknown as Record<string, (...given: unknown[]) => unknown>)[call]?.(...given);
}

function allowed(request: IncomingMessage, token: string): boolean {
    const given = Buffer.from(request.headers.authorization ?? "");
    const wanted = Buffer.from(`Bearer ${token}`);
    return given.length === wanted.length && timingSafeEqual(given, wanted);
}

async function bodyOf(request: IncomingMessage): Promise<string> {
    let body = "";
    for await (const chunk of request) {
        body += String(chunk);
    }
    return body;
}

async function answer(request: IncomingMessage, token: string, controls: Controls): Promise<[number, string]> {
    if (!allowed(request, token)) {
        return [401, "missing or wrong token"];
    }
    try {
        const result = await perform(JSON.parse(await bodyOf(request)) as ControlCall, controls);
        return [200, JSON.stringify({ result })];
    } catch (error) {
        return [500, error instanceof Error ? error.message : String(error)];
    }
}

export async function serveControl(controls: Controls): Promise<{ url: string; token: string; close: () => void }> {
    const token = randomBytes(24).toString("base64url");
    const server = createServer((request, response) => {
        void answer(request, token, controls).then(([status, text]) => response.writeHead(status).end(text));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const port = typeof address === "object" && address ? address.port : 0;
    return {
        url: `http://127.0.0.1:${port}`,
        token,
        close: () => {
            server.closeAllConnections();
            server.close();
        },
    };
}

export async function callControl<K extends keyof Controls>(
    control: { url: string; token: string },
    call: K,
    ...given: Parameters<Controls[K]>
): Promise<Answer<K>> {
    const response = await fetch(control.url, {
        method: "POST",
        headers: { authorization: `Bearer ${control.token}` },
        body: JSON.stringify({ call, arguments: given }),
    });
    if (!response.ok) {
        throw new Error(`The sandbox's supervisor refused ${call}: ${await response.text()}`);
    }
    return ((await response.json()) as { result: Answer<K> }).result;
}
