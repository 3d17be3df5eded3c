using Microsoft.AspNetCore.Authorization;
using NearCache.Management.Security;

namespace NearCache.Management.StandAlone;

/// <summary>Requires a permission for the context that is the resource.</summary>
/// <param name="Permission">The permission.</param>
internal sealed record PermissionRequirement(ConsolePermission Permission) : IAuthorizationRequirement
{
    /// <summary>Returns the name of the policy of a permission.</summary>
    public static string PolicyOf(ConsolePermission permission) => $"NearCacheConsole.{permission}";
}

/// <summary>Gives a user what the groups of the user may do in a context.</summary>
/// <param name="settings">The permissions.</param>
internal sealed class GroupPermissions(SignInSettings settings) : AuthorizationHandler<PermissionRequirement, ConsoleContext>
{
    /// <inheritdoc/>
    protected override Task HandleRequirementAsync(
        AuthorizationHandlerContext context, PermissionRequirement requirement, ConsoleContext resource)
    {
        var groups = context.User.FindAll(settings.GroupsClaim).Select(claim => claim.Value).ToHashSet(StringComparer.Ordinal);
        if (context.User.Identity?.IsAuthenticated == true
            && settings.Permissions.Any(rule => (rule.Group is null || groups.Contains(rule.Group))
                && rule.Gives(requirement.Permission, resource.Name)))
        {
            context.Succeed(requirement);
        }

        return Task.CompletedTask;
    }
}
