import type { Service } from "./protocol";

/**
 * The errors that every operation of a service may answer, which botocore's models do not list, with their HTTP status.
 *
 * IAM and STS: https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html. On the wire, the codes of this protocol
 * have no "Exception", and throttling is "Throttling" (https://github.com/legion-platform/legion/issues/807).
 * EKS: https://docs.aws.amazon.com/eks/latest/APIReference/CommonErrors.html, and for throttling its models' status, with the
 * code that DescribeCluster was seen to answer (https://github.com/awslabs/amazon-eks-ami/issues/218).
 */
const query = {
    AccessDenied: 403,
    ExpiredToken: 403,
    InternalFailure: 500,
    InvalidAction: 400,
    InvalidClientTokenId: 403,
    MissingAuthenticationToken: 403,
    SignatureDoesNotMatch: 403,
    Throttling: 400,
    ValidationError: 400,
};

/** EC2 models no errors: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html */
const ec2 = {
    AuthFailure: 401,
    DependencyViolation: 400,
    DryRunOperation: 412,
    InternalFailure: 500,
    InvalidAction: 400,
    InvalidParameterValue: 400,
    MissingParameter: 400,
    RequestExpired: 400,
    RequestLimitExceeded: 503,
    UnauthorizedOperation: 403,
    UnknownParameter: 400,
};

export const commonErrors: Readonly<Record<Service, Readonly<Record<string, number>>>> = {
    iam: query,
    sts: query,
    eks: {
        AccessDeniedException: 403,
        ExpiredTokenException: 403,
        InternalFailure: 500,
        MissingAuthenticationTokenException: 403,
        TooManyRequestsException: 429,
        UnrecognizedClientException: 403,
        // What this sandbox does not offer.
        UnknownOperationException: 404,
    },
    ec2,
};

/** EC2's codes for resources: "InvalidVpcID.NotFound", "InvalidGroup.Duplicate" and others, all with the status 400. */
export const ec2ResourceError = /^Invalid[A-Z]\w*\.(NotFound|Duplicate|Malformed|Conflict|InUse|Range)$/;

/**
 * Errors that a model does not list, and that the operation was seen to answer.
 *
 * A permissions boundary that does not exist: "NoSuchEntity: Scope ARN: … does not exist or is not attachable", status 404, in the
 * logs of `rosa create account-roles`, which calls CreateRole.
 */
export const seenErrors: Readonly<Record<string, Readonly<Record<string, number>>>> = {
    "iam:CreateRole": { NoSuchEntity: 404 },
};

/** What a sandbox answers about parts that it does not offer. */
export const notOffered = { NotImplemented: 501, InvalidAction: 400 };
