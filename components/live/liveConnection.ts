import * as pulumi from "@pulumi/pulumi";
import type { AwsConnection } from "../../handover/model/connection";
import { Problem } from "../arguments/problem";
import { withoutNothing } from "../arguments/settled";
import { ValidArgs } from "../arguments/validArgs";
import { CniServiceAccountRoleArgs } from "../cniServiceAccountRoleArgs";

/** How the live checks reach the cluster and the account. */
export interface LiveConnection {
    readonly kubeconfig: pulumi.Output<string> | undefined;
    readonly context: string | undefined;
    readonly aws: pulumi.Output<AwsConnection> | undefined;
}

/** Settings of the default AWS provider that change who the caller is, and that the live checks do not follow. */
const NOT_HONOURED = [
    "assumeRoleWithWebIdentity",
    "ec2MetadataServiceEndpoint",
    "sharedConfigFiles",
    "sharedCredentialsFiles",
];

/** What of a member of `aws:assumeRoles` the live checks follow; a session's duration does not change who the caller is. */
const HONOURED_OF_ROLE = ["roleArn", "externalId", "sessionName", "duration"];

/**
 * The arguments; else the stack's configuration, as the default providers take it; else what is ambient. The configuration is
 * read where the program runs: a provider plugin is not given that of other packages.
 */
export function liveConnection(args: ValidArgs): LiveConnection {
    const kubernetes = new pulumi.Config("kubernetes");
    const kubeconfig = args.kubeconfig ?? kubernetes.getSecret("kubeconfig");
    const context = args.kubeconfig === undefined ? kubernetes.get("context") : undefined;
    const aws = args.aws?.apply(withoutNulls) ?? configuredAws();
    return {
        kubeconfig: kubeconfig && pulumi.secret(kubeconfig),
        context,
        aws: aws && pulumi.secret(aws),
    };
}

/** The arguments as the state is to have them: what may hold credentials is a secret, also where the program gives plain text. */
export function withSecrets(args: CniServiceAccountRoleArgs): pulumi.Inputs {
    const { kubeconfig, aws } = withoutNothing(args);
    return {
        ...args,
        ...(kubeconfig === undefined ? {} : { kubeconfig: pulumi.secret(kubeconfig) }),
        ...(aws === undefined ? {} : { aws: pulumi.secret(aws) }),
    };
}

/** JavaScript programs may give null for what is not given. */
function withoutNulls(given: AwsConnection): AwsConnection {
    const { endpoints } = given;
    const some = endpoints && { endpoints: withoutNothing(endpoints) };
    return withoutNothing({ ...given, ...some }) as AwsConnection;
}

/** Where neither the arguments nor the cluster's ARN tell the region. Empty if the configuration does not either. */
function configuredRegion(): string {
    return new pulumi.Config("aws").get("region") ?? "";
}

/** The region of the cluster's ARN, which is empty where none is known. */
export function regionOrConfigured(ofCluster: pulumi.Output<string>): pulumi.Output<string> {
    return ofCluster.apply((region) => (region === "" ? configuredRegion() : region));
}

interface AssumeRole {
    roleArn?: string;
    externalId?: string;
    sessionName?: string;
}

function configuredAws(): pulumi.Output<AwsConnection> | undefined {
    const config = new pulumi.Config("aws");
    const [role] = config.getObject<AssumeRole[]>("assumeRoles") ?? [];
    const endpoints = config.getObject<Record<string, string>[]>("endpoints");
    const connection = {
        profile: config.get("profile"),
        accessKeyId: config.getSecret("accessKey"),
        secretAccessKey: config.getSecret("secretKey"),
        sessionToken: config.getSecret("token"),
        roleArn: role?.roleArn,
        externalId: role?.externalId,
        sessionName: role?.sessionName,
        // A list of objects, of which each may name some of the services.
        endpoints: endpoints?.reduce((all, some) => ({ ...all, ...some }), {}),
    };
    const given = withoutNothing(connection);
    return Object.keys(given).length === 0 ? undefined : pulumi.output(given as pulumi.Unwrap<typeof given>);
}

/** What keeps the live checks from being at the same cluster and account as the component's own resources. */
export function connectionProblems(component: pulumi.ComponentResource, args: CniServiceAccountRoleArgs): Problem[] {
    const given = withoutNothing(args);
    return [
        ...ownProvider(component, "kubernetes:core/v1:ServiceAccountPatch", "kubeconfig", given.kubeconfig),
        ...ownProvider(component, "aws:iam/role:Role", "aws", given.aws),
        ...(given.aws === undefined ? configurationProblems() : []),
    ];
}

/** Nobody but the program knows what a provider of its own was given. */
function ownProvider(component: pulumi.ComponentResource, token: string, path: string, given: unknown): Problem[] {
    return component.getProvider(token) === undefined || given !== undefined
        ? []
        : [
              {
                  path,
                  expected: `${path}, since the component has a provider of its own, whose settings the live checks cannot see`,
                  got: "nothing",
                  fix: `give ${path} to what that provider uses, or set liveChecks: false`,
              },
          ];
}

function configurationProblems(): Problem[] {
    const config = new pulumi.Config("aws");
    const roles = config.getObject<object[]>("assumeRoles") ?? [];
    const ofRoles = [...new Set(roles.flatMap(Object.keys))].filter((key) => !HONOURED_OF_ROLE.includes(key));
    return [
        ...NOT_HONOURED.filter((key) => config.get(key) !== undefined).map((key) => notHonoured(`aws:${key}`)),
        ...(roles.length > 1 ? [notHonoured("aws:assumeRoles with more than one role")] : []),
        ...ofRoles.map((key) => notHonoured(`aws:assumeRoles with ${key}`)),
    ];
}

function notHonoured(setting: string): Problem {
    return {
        path: "aws",
        expected: `aws, since the stack's configuration has ${setting}, which the live checks do not support`,
        got: "nothing",
        fix: "set aws: { region, profile } or aws: { region, roleArn }, or set liveChecks: false",
    };
}
