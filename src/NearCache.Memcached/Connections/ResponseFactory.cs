using System.Buffers.Text;
using System.Runtime.InteropServices;
using NearCache.Memcached.Protocol;

namespace NearCache.Memcached.Connections;

/// <summary>Creates responses from replies and their values.</summary>
internal static class ResponseFactory
{
    /// <summary>Returns the value without a copy: it is always an array of its own.</summary>
    public static byte[] ValueArrayOf(in MetaResponse response) =>
        MemoryMarshal.TryGetArray(response.Value, out var segment) && segment.Array is { } array && segment.Count == array.Length
            ? array
            : response.Value.ToArray();

    public static MetaResponse Create(in MetaReply reply, byte[]? value, MetaCommandKind kind)
    {
        ulong number = 0;
        if (kind == MetaCommandKind.Arithmetic && value is not null)
        {
            _ = Utf8Parser.TryParse(value, out number, out _);
        }

        return new MetaResponse
        {
            Status = MetaRules.StatusOf(reply.Code),
            Value = value,
            Number = number,
            ClientFlags = reply.ClientFlags,
            Cas = reply.Cas,
            TimeToLive = reply.TimeToLive,
            LastAccess = reply.LastAccess,
            Size = reply.Size,
            WasHit = (reply.Flags & MetaReplyFlags.WasHit) != 0,
            IsWinner = (reply.Flags & MetaReplyFlags.Winner) != 0,
            IsWonByAnother = (reply.Flags & MetaReplyFlags.WonByAnother) != 0,
            IsStale = (reply.Flags & MetaReplyFlags.Stale) != 0,
            Error = reply.Error,
        };
    }
}
