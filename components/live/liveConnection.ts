import * as pulumi from "@pulumi/pulumi";
import { withoutTokens } from "../../documents/kubeconfigTokens";
import type { AwsConnection } from "../../handover/model/connection";
import { givenProperties } from "../arguments/knownArgs";
import { Problem } from "../arguments/problem";
import { ValidArgs } from "../arguments/validArgs";
import { CniServiceAccountRoleArgs } from "../cniServiceAccountRoleArgs";
import { kubeconfigText } from "./kubeconfigText";

/** How the live checks connect to the cluster and the account. */
export interface LiveConnection {
    readonly kubeconfig: pulumi.Output<string> | undefined;
    readonly context: string | undefined;
    readonly aws: pulumi.Output<AwsConnection> | undefined;
}

/** Settings of the default AWS provider that change the caller's identity and that the live checks do not support. */
const UNSUPPORTED_SETTINGS = [
    "assumeRoleWithWebIdentity",
    "ec2MetadataServiceEndpoint",
    "sharedConfigFiles",
    "sharedCredentialsFiles",
];

/** The keys of a member of `aws:assumeRoles` that the live checks accept. `duration` does not change the caller's identity. */
const SUPPORTED_ROLE_KEYS = ["roleArn", "externalId", "sessionName", "duration"];

/**
 * From the arguments, else from the stack's configuration, as for the default providers, else ambient. The configuration is read
 * in the program's process, because a provider plugin does not get the configuration of other packages.
 */
export function liveConnection(args: ValidArgs): LiveConnection {
    const kubernetes = new pulumi.Config("kubernetes");
    const kubeconfig = args.kubeconfig?.apply(kubeconfigText) ?? kubernetes.getSecret("kubeconfig");
    const context = args.kubeconfig === undefined ? kubernetes.get("context") : undefined;
    const aws = args.aws?.apply(awsWithoutNulls) ?? configuredAws();
    return {
        kubeconfig: kubeconfig && pulumi.secret(kubeconfig),
        context,
        aws: aws && pulumi.secret(aws),
    };
}

/**
 * The arguments for the state. Those that may contain credentials become secrets, even if the program passes plain text.
 *
 * The engine shows an update of a component whenever one of its arguments differs, so the kubeconfig is there without its tokens.
 */
export function withSecrets(args: CniServiceAccountRoleArgs): pulumi.Inputs {
    const { kubeconfig, aws } = givenProperties(args);
    return {
        ...args,
        ...(kubeconfig === undefined
            ? {}
            : { kubeconfig: pulumi.secret(pulumi.output(kubeconfig).apply(withoutTokens)) }),
        ...(aws === undefined ? {} : { aws: pulumi.secret(aws) }),
    };
}

/** JavaScript programs may pass null for properties that are not given. */
function awsWithoutNulls(given: AwsConnection): AwsConnection {
    const { endpoints } = given;
    const some = endpoints && { endpoints: givenProperties(endpoints) };
    return givenProperties({ ...given, ...some }) as AwsConnection;
}

/** The fallback if neither the arguments nor the cluster's ARN contain the region. Empty if it is not configured. */
function configuredRegion(): string {
    return new pulumi.Config("aws").get("region") ?? "";
}

/** The region of the cluster's ARN. If that is empty, the configured region. */
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
        // A list of objects, each with the endpoints of some services.
        endpoints: endpoints?.reduce((all, some) => ({ ...all, ...some }), {}),
    };
    const given = givenProperties(connection);
    return Object.keys(given).length === 0 ? undefined : pulumi.output(given as pulumi.Unwrap<typeof given>);
}

/** Problems because of which the live checks may connect to another cluster or account than the component's own resources. */
export function connectionProblems(component: pulumi.ComponentResource, args: CniServiceAccountRoleArgs): Problem[] {
    const given = givenProperties(args);
    return [
        ...explicitProvider(component, "kubernetes:core/v1:ServiceAccountPatch", "kubeconfig", given.kubeconfig),
        ...explicitProvider(component, "aws:iam/role:Role", "aws", given.aws),
        ...(given.aws === undefined ? configurationProblems() : []),
    ];
}

/** The SDK does not expose the settings of an explicit provider. */
function explicitProvider(component: pulumi.ComponentResource, token: string, path: string, given: unknown): Problem[] {
    return component.getProvider(token) === undefined || given !== undefined
        ? []
        : [
              {
                  path,
                  expected: "a value (the live checks cannot read the settings of the component's explicit provider)",
                  got: "nothing",
                  fix: `set ${path} to the settings of that provider, or set liveChecks: false`,
              },
          ];
}

function configurationProblems(): Problem[] {
    const config = new pulumi.Config("aws");
    const roles = config.getObject<object[]>("assumeRoles") ?? [];
    const ofRoles = [...new Set(roles.flatMap(Object.keys))].filter((key) => !SUPPORTED_ROLE_KEYS.includes(key));
    return [
        ...UNSUPPORTED_SETTINGS.filter((key) => config.get(key) !== undefined).map((key) =>
            unsupportedSetting(`aws:${key}`),
        ),
        ...(roles.length > 1 ? [unsupportedSetting("aws:assumeRoles with more than one role")] : []),
        ...ofRoles.map((key) => unsupportedSetting(`aws:assumeRoles with ${key}`)),
    ];
}

function unsupportedSetting(setting: string): Problem {
    return {
        path: "aws",
        expected: `a value (the live checks do not support the setting ${setting} in the stack's configuration)`,
        got: "nothing",
        fix: "set aws: { region, profile } or aws: { region, roleArn }, or set liveChecks: false",
    };
}
