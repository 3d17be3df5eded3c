using System.Buffers.Text;
using System.Text;

namespace NearCache.Memcached.Protocol;

/// <summary>The result of parsing a message.</summary>
internal enum ReadStatus
{
    /// <summary>The message was parsed.</summary>
    Done,

    /// <summary>The message has not arrived completely.</summary>
    Incomplete,

    /// <summary>The bytes are not a message: the position in the stream is lost.</summary>
    Malformed,
}

/// <summary>Parses the first line of a reply.</summary>
// https://github.com/memcached/memcached/blob/master/doc/protocol.txt, "Meta Commands"
// VA <size> <flags>*\r\n<data>\r\n | (HD|EN|NS|EX|NF) <flags>*\r\n | MN\r\n | ERROR… | CLIENT_ERROR … | SERVER_ERROR …
internal static class MetaReplyReader
{
    /// <summary>The maximum length of a legal line.</summary>
    public const int MaxLineLength = 2048;

    /// <summary>
    /// Parses one line and returns its length, including the line end. Unless the result is <see cref="ReadStatus.Done"/>, nothing was
    /// consumed.
    /// </summary>
    public static ReadStatus TryRead(ReadOnlySpan<byte> input, out MetaReply reply, out int consumed)
    {
        reply = default;
        if (input.Length >= 4 && input[2] == '\r' && input[3] == '\n')
        {
            consumed = 4;
            return TryReadCode(input, out reply.Code) && reply.Code != MetaReplyCode.Value ? ReadStatus.Done : ReadStatus.Malformed;
        }

        var end = input.IndexOf((byte)'\n');
        if (end < 0)
        {
            consumed = 0;
            return input.Length > MaxLineLength ? ReadStatus.Malformed : ReadStatus.Incomplete;
        }

        consumed = end + 1;
        if (end < 3 || end > MaxLineLength || input[end - 1] != '\r')
        {
            return ReadStatus.Malformed;
        }

        var line = input[..(end - 1)];
        return line[2] == ' ' && TryReadCode(line, out reply.Code) ? ReadFlags(line[3..], ref reply) : ReadError(line, ref reply);
    }

    private static bool TryReadCode(ReadOnlySpan<byte> line, out MetaReplyCode code)
    {
        code = (line[0], line[1]) switch
        {
            ((byte)'H', (byte)'D') => MetaReplyCode.Done,
            ((byte)'V', (byte)'A') => MetaReplyCode.Value,
            ((byte)'E', (byte)'N') => MetaReplyCode.Miss,
            ((byte)'N', (byte)'S') => MetaReplyCode.NotStored,
            ((byte)'E', (byte)'X') => MetaReplyCode.Exists,
            ((byte)'N', (byte)'F') => MetaReplyCode.NotFound,
            ((byte)'M', (byte)'N') => MetaReplyCode.NoOp,
            _ => MetaReplyCode.UnknownCommand,
        };
        return code != MetaReplyCode.UnknownCommand;
    }

    private static ReadStatus ReadFlags(ReadOnlySpan<byte> rest, ref MetaReply reply)
    {
        if (reply.Code == MetaReplyCode.Value)
        {
            if (!TryTakeNumber(ref rest, out reply.Length))
            {
                return ReadStatus.Malformed;
            }

            reply.Fields = MetaFields.Value;
        }

        while (!rest.IsEmpty)
        {
            var flag = rest[0];
            if (flag == ' ')
            {
                rest = rest[1..];
                continue;
            }

            rest = rest[1..];
            var end = rest.IndexOf((byte)' ');
            var token = end < 0 ? rest : rest[..end];
            if (!TryReadFlag(flag, token, ref reply))
            {
                return ReadStatus.Malformed;
            }

            rest = rest[token.Length..];
        }

        return ReadStatus.Done;
    }

    // Flags arrive in the order of the request, followed by those that the server adds; they are identified by letter.
    private static bool TryReadFlag(byte flag, ReadOnlySpan<byte> token, ref MetaReply reply)
    {
        switch (flag)
        {
            case (byte)'c':
                return TryAdd(MetaFields.Cas, ref reply) && Utf8Parser.TryParse(token, out reply.Cas, out var read) && read == token.Length;
            case (byte)'f':
                return TryAdd(MetaFields.ClientFlags, ref reply)
                    && Utf8Parser.TryParse(token, out reply.ClientFlags, out read)
                    && read == token.Length;
            case (byte)'t':
                return TryAdd(MetaFields.TimeToLive, ref reply)
                    && Utf8Parser.TryParse(token, out reply.TimeToLive, out read)
                    && read == token.Length;
            case (byte)'l':
                return TryAdd(MetaFields.LastAccess, ref reply)
                    && Utf8Parser.TryParse(token, out reply.LastAccess, out read)
                    && read == token.Length;
            case (byte)'s':
                return TryAdd(MetaFields.Size, ref reply) && Utf8Parser.TryParse(token, out reply.Size, out read) && read == token.Length;
            case (byte)'h':
                reply.Flags |= token is [(byte)'1'] ? MetaReplyFlags.WasHit : MetaReplyFlags.None;
                return TryAdd(MetaFields.WasHit, ref reply) && token is [(byte)'0' or (byte)'1'];
            case (byte)'W':
                reply.Flags |= MetaReplyFlags.Winner;
                return token.IsEmpty;
            case (byte)'Z':
                reply.Flags |= MetaReplyFlags.WonByAnother;
                return token.IsEmpty;
            case (byte)'X':
                reply.Flags |= MetaReplyFlags.Stale;
                return token.IsEmpty;
            case (byte)'O':
                reply.Flags |= MetaReplyFlags.HasOpaque;
                return Utf8Parser.TryParse(token, out reply.Opaque, out read) && read == token.Length;
            case (byte)'b':
                return token.IsEmpty;
            case (byte)'k':
                return !token.IsEmpty;
            default:
                return false;
        }
    }

    // Servers send each field once.
    private static bool TryAdd(MetaFields field, ref MetaReply reply)
    {
        if ((reply.Fields & field) != 0)
        {
            return false;
        }

        reply.Fields |= field;
        return true;
    }

    private static bool TryTakeNumber(ref ReadOnlySpan<byte> rest, out int number)
    {
        if (!Utf8Parser.TryParse(rest, out number, out var read)
            || number < 0
            || rest[0] is (byte)'+' or (byte)'-'
            || (read < rest.Length && rest[read] != ' '))
        {
            return false;
        }

        rest = rest[read..];
        return true;
    }

    private static ReadStatus ReadError(ReadOnlySpan<byte> line, ref MetaReply reply)
    {
        if (line.StartsWith("SERVER_ERROR"u8))
        {
            reply.Code = MetaReplyCode.ServerError;
        }
        else if (line.StartsWith("CLIENT_ERROR"u8))
        {
            reply.Code = MetaReplyCode.ClientError;
        }
        else if (line.StartsWith("ERROR"u8))
        {
            reply.Code = MetaReplyCode.UnknownCommand;
        }
        else
        {
            return ReadStatus.Malformed;
        }

        reply.Error = Encoding.UTF8.GetString(line);
        return ReadStatus.Done;
    }
}
