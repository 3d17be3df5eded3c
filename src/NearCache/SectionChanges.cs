using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace NearCache;

/// <summary>Says when the section that the options were read from was loaded again.</summary>
internal sealed class SectionChanges(IConfiguration section) : IOptionsChangeTokenSource<NearCacheOptions>
{
    public string Name => Options.DefaultName;

    public IChangeToken GetChangeToken() => section.GetReloadToken();
}
