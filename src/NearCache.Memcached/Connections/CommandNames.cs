using NearCache.Memcached.Protocol;

namespace NearCache.Memcached.Connections;

/// <summary>What messages call a command.</summary>
internal static class CommandNames
{
    public static string Of(MetaCommandKind kind) => kind switch
    {
        MetaCommandKind.Get => "get",
        MetaCommandKind.Set => "set",
        MetaCommandKind.Delete => "delete",
        MetaCommandKind.Arithmetic => "arithmetic",
        _ => "no-op",
    };
}
