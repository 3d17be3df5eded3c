using System.Net;
using Microsoft.Extensions.Configuration;
using NearCache.Management.Registration;
using NearCache.Management.Security;

namespace NearCache.Management.StandAlone;

/// <summary>Specifies how users of the stand-alone console sign in.</summary>
internal enum SignInMode
{
    /// <summary>By an address that works once, on this machine.</summary>
    OneTime,

    /// <summary>By OpenID Connect.</summary>
    OpenIdConnect,

    /// <summary>By a proxy, which names the user in headers.</summary>
    Proxy,
}

/// <summary>How users sign in, and what each group of them may do.</summary>
internal sealed record SignInSettings
{
    /// <summary>Gets how users sign in.</summary>
    public required SignInMode Mode { get; init; }

    /// <summary>Gets the proxies whose headers are believed.</summary>
    public IReadOnlyList<IPAddress> Proxies { get; init; } = [];

    /// <summary>Gets the address of the identity provider.</summary>
    public string Authority { get; init; } = "";

    /// <summary>Gets the id of this console at the identity provider.</summary>
    public string ClientId { get; init; } = "";

    /// <summary>Gets the secret of this console at the identity provider; null if it has none.</summary>
    public string? ClientSecret { get; init; }

    /// <summary>Gets the scopes to ask for, beside <c>openid</c> and <c>profile</c>.</summary>
    public IReadOnlyList<string> Scopes { get; init; } = [];

    /// <summary>Gets the type of the claims that name groups.</summary>
    public string GroupsClaim { get; init; } = "groups";

    /// <summary>Gets the header that names the user.</summary>
    public string UserHeader { get; init; } = "X-Forwarded-User";

    /// <summary>Gets the header that names the groups.</summary>
    public string GroupsHeader { get; init; } = "X-Forwarded-Groups";

    /// <summary>Gets the character between two groups in that header.</summary>
    public char GroupsSeparator { get; init; } = ',';

    /// <summary>Gets what users may do.</summary>
    public required IReadOnlyList<PermissionRule> Permissions { get; init; }

    /// <summary>Reads the settings.</summary>
    public static SignInSettings Read(
        IConfigurationSection? section, IConfigurationSection? permissions, HostArguments arguments, List<string> mistakes)
    {
        var reader = section is null ? null : new SectionReader(section, mistakes);
        var (provider, proxy) = (reader?.Section("OpenIdConnect"), reader?.Section("Proxy"));
        reader?.Finish();
        if (provider is not null && proxy is not null)
        {
            mistakes.Add("SignIn has both OpenIdConnect and Proxy: choose one.");
        }

        var rules = PermissionRule.Read(permissions, mistakes);
        if (provider is null && proxy is null)
        {
            if (permissions is not null)
            {
                mistakes.Add("Permissions are those of groups, and without SignIn there are none: use --operate and --values.");
            }

            return new SignInSettings { Mode = SignInMode.OneTime, Permissions = [PermissionRule.OfOneTime(arguments)] };
        }

        if (arguments.MayOperate || arguments.MayReadValues)
        {
            mistakes.Add("--operate and --values are for the one-time address; with SignIn, use Permissions.");
        }

        if (rules.Count == 0)
        {
            mistakes.Add("Permissions is empty, so no user could see anything. Name a group and what it may do.");
        }

        return provider is not null ? ReadProvider(provider, rules, mistakes) : ReadProxy(proxy!, rules, mistakes);
    }

    private static SignInSettings ReadProvider(IConfigurationSection section, IReadOnlyList<PermissionRule> rules, List<string> mistakes)
    {
        var settings = new SignInSettings { Mode = SignInMode.OpenIdConnect, Permissions = rules };
        var reader = new SectionReader(section, mistakes);
        reader.Text(nameof(Authority), value => settings = settings with { Authority = value });
        reader.Text(nameof(ClientId), value => settings = settings with { ClientId = value });
        reader.Text(nameof(ClientSecret), value => settings = settings with { ClientSecret = value });
        reader.Texts(nameof(Scopes), value => settings = settings with { Scopes = value });
        reader.Text(nameof(GroupsClaim), value => settings = settings with { GroupsClaim = value });
        reader.Texts(nameof(Proxies), value => settings = settings with { Proxies = Addresses(section, nameof(Proxies), value, mistakes) });
        reader.Finish();
        if (!Uri.TryCreate(settings.Authority, UriKind.Absolute, out var authority)
            || (authority.Scheme != "https" && !(authority.Scheme == "http" && RequestOrigin.IsLoopback(authority.Host))))
        {
            mistakes.Add($"{section.Path}:{nameof(Authority)} must be the https address of the identity provider.");
        }

        if (settings.ClientId.Length == 0)
        {
            mistakes.Add($"{section.Path}:{nameof(ClientId)} is missing.");
        }

        return settings;
    }

    private static SignInSettings ReadProxy(IConfigurationSection section, IReadOnlyList<PermissionRule> rules, List<string> mistakes)
    {
        var settings = new SignInSettings { Mode = SignInMode.Proxy, Permissions = rules };
        var reader = new SectionReader(section, mistakes);
        reader.Texts("Addresses", value => settings = settings with { Proxies = Addresses(section, "Addresses", value, mistakes) });
        reader.Text(nameof(UserHeader), value => settings = settings with { UserHeader = value });
        reader.Text(nameof(GroupsHeader), value => settings = settings with { GroupsHeader = value });
        reader.Text(nameof(GroupsSeparator), value => settings = settings with { GroupsSeparator = Separator(section, value, mistakes) });
        reader.Finish();
        CheckGroups(section, settings, mistakes);
        if (settings.Proxies.Count == 0)
        {
            mistakes.Add($"{section.Path}:Addresses is empty: any client could name itself. Name the addresses of the proxies.");
        }

        return settings;
    }

    private static char Separator(IConfigurationSection section, string text, List<string> mistakes)
    {
        // A letter or a digit would cut names into pieces.
        if (text is [var separator] && char.IsAscii(separator) && !char.IsLetterOrDigit(separator) && !char.IsControl(separator))
        {
            return separator;
        }

        mistakes.Add($"{section.Path}:{nameof(GroupsSeparator)} is \"{text}\", but must be one character that separates groups, such as "
            + "\",\", \"|\", \";\" or a space.");
        return ',';
    }

    // A group that no header can name would be a permission that no user ever has.
    private static void CheckGroups(IConfigurationSection section, SignInSettings settings, List<string> mistakes)
    {
        foreach (var group in settings.Permissions.Select(rule => rule.Group).OfType<string>().Where(group =>
            group.Contains(settings.GroupsSeparator) || group != group.Trim()))
        {
            mistakes.Add(group != group.Trim()
                ? $"Permissions names the group \"{group}\" with spaces around it, and groups of a header have none: remove them."
                : $"Permissions names the group \"{group}\", but {section.Path}:{nameof(GroupsSeparator)} is "
                    + $"\"{settings.GroupsSeparator}\", so a header cannot name that group. Let the proxy separate groups by "
                    + $"another character, such as \";\" or \"|\", and set {nameof(GroupsSeparator)} to it; or let it send short names "
                    + "instead of distinguished names.");
        }
    }

    private static List<IPAddress> Addresses(
        IConfigurationSection section, string name, IReadOnlyList<string> texts, List<string> mistakes)
    {
        var addresses = new List<IPAddress>();
        foreach (var text in texts)
        {
            if (IPAddress.TryParse(text, out var address))
            {
                addresses.Add(address);
            }
            else
            {
                mistakes.Add($"{section.Path}:{name} has \"{text}\", which is not an IP address.");
            }
        }

        return addresses;
    }
}

/// <summary>What a group of users may do in some contexts.</summary>
/// <param name="Group">The group; null for every user.</param>
/// <param name="Contexts">Names of contexts; a name that ends with <c>*</c> stands for all that begin so.</param>
/// <param name="Allowed">The permissions.</param>
internal sealed record PermissionRule(string? Group, IReadOnlyList<string> Contexts, IReadOnlySet<ConsolePermission> Allowed)
{
    /// <summary>Returns the permissions of the one-time address.</summary>
    public static PermissionRule OfOneTime(HostArguments arguments)
    {
        var allowed = new HashSet<ConsolePermission> { ConsolePermission.View };
        if (arguments.MayOperate)
        {
            allowed.Add(ConsolePermission.Operate);
        }

        if (arguments.MayReadValues)
        {
            allowed.Add(ConsolePermission.Values);
        }

        return new PermissionRule(null, ["*"], allowed);
    }

    /// <summary>Reads a list of rules.</summary>
    public static IReadOnlyList<PermissionRule> Read(IConfigurationSection? section, List<string> mistakes)
    {
        var rules = new List<PermissionRule>();
        foreach (var child in section?.GetChildren() ?? [])
        {
            string? group = null;
            IReadOnlyList<string> contexts = [];
            IReadOnlyList<string> names = [];
            var reader = new SectionReader(child, mistakes);
            reader.Text(nameof(Group), value => group = value);
            reader.Texts(nameof(Contexts), value => contexts = value);
            reader.Texts("Allow", value => names = value);
            reader.Finish();
            var allowed = new HashSet<ConsolePermission>();
            foreach (var name in names)
            {
                if (Enum.TryParse<ConsolePermission>(name, ignoreCase: true, out var permission) && Enum.IsDefined(permission)
                    && !char.IsAsciiDigit(name[0]))
                {
                    allowed.Add(permission);
                }
                else
                {
                    mistakes.Add($"{child.Path}:Allow has \"{name}\", but must be View, Operate or Values.");
                }
            }

            if (string.IsNullOrWhiteSpace(group) || contexts.Count == 0 || allowed.Count == 0)
            {
                mistakes.Add($"{child.Path} needs Group, Contexts (names of contexts, or * for all) and Allow.");
            }

            // Operating without seeing is no use.
            allowed.Add(ConsolePermission.View);
            rules.Add(new PermissionRule(group, contexts, allowed));
        }

        return rules;
    }

    /// <summary>Returns whether the rule gives a permission for a context.</summary>
    public bool Gives(ConsolePermission permission, string context) => Allowed.Contains(permission) && Contexts.Any(pattern =>
        pattern.EndsWith('*') ? context.StartsWith(pattern[..^1], StringComparison.Ordinal) : pattern == context);
}
