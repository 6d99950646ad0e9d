import { AwsError } from "../../errors";

/** The version of the aws-node that a cluster of the sandbox starts with, as an add-on. */
export const defaultVersion = "v1.23.1-eksbuild.1";

const form = /^v(\d+)\.(\d+)\.\d+-eksbuild\.\d+$/;

/** Wording: https://github.com/hashicorp/terraform-provider-aws/issues/20559. The sandbox supports every version of EKS's form. */
export function versionRefusal(version: string): AwsError | undefined {
    return form.test(version) ? undefined : invalidParameter("Addon version specified is not supported");
}

/** Wording: https://github.com/banzaicloud/pipeline/issues/3562 */
export function versionStepRefusal(from: string, to: string): AwsError | undefined {
    const [[major, minor], [newMajor, newMinor]] = [numbers(from), numbers(to)];
    return major === newMajor && Math.abs((newMinor ?? 0) - (minor ?? 0)) <= 1
        ? undefined
        : invalidParameter("Updating VPC-CNI can only go up or down 1 minor version at a time");
}

function numbers(version: string): number[] {
    const [, major, minor] = form.exec(version) ?? [];
    return [Number(major), Number(minor)];
}

function invalidParameter(message: string): AwsError {
    return new AwsError("InvalidParameterException", message, 400);
}
