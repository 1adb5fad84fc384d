#include "commands.hpp"

namespace kinesis::tool {

std::string bash_completion() {
  return R"bash(# bash completion for kinesis: source <(kinesis completion)
_kinesis() {
  local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} line="${COMP_WORDS[*]:0:COMP_CWORD} "
  local connection="--region --profile --endpoint-url --no-verify-ssl --ca-bundle --json-wire --output --verbose --help"
  local choices=""
  COMPREPLY=()
  case $previous in
    --output) COMPREPLY=($(compgen -W "text json" -- "$word")); return ;;
    --from) COMPREPLY=($(compgen -W "trim-horizon latest" -- "$word")); return ;;
    --format) COMPREPLY=($(compgen -W "raw json" -- "$word")); return ;;
    --to) COMPREPLY=($(compgen -W "trim-horizon latest at-timestamp" -- "$word")); return ;;
    --leases) COMPREPLY=($(compgen -W "sqlite: memory dynamodb:" -- "$word")); return ;;
    --ca-bundle|--ca-out|--receipts|--records|--record-log) COMPREPLY=($(compgen -f -- "$word")); return ;;
  esac
  case $line in
    "kinesis streams "*)
      if [ "$COMP_CWORD" -eq 2 ]; then
        choices="list describe create delete split merge resize consumers register deregister"
      else
        choices="--shards --wait --no-wait --at $connection"
      fi ;;
    "kinesis put "*) choices="--key-field --key-column --key --rate --receipts --json --aggregate --ordered --linger --ttl --max-in-flight $connection" ;;
    "kinesis bench produce "*) choices="--records --size --keys --in-flight --buffer --no-aggregate --no-rate-limit --json $connection" ;;
    "kinesis bench consume "*) choices="--records --until-caught-up --fan-out --application --leases --from --json $connection" ;;
    "kinesis bench "*) choices="produce consume --help" ;;
    "kinesis leases "*)
      if [ "$COMP_CWORD" -eq 2 ]; then
        choices="list release delete reset set-checkpoint --help"
      else
        choices="--application --leases --watch --json $connection"
        case $line in
          "kinesis leases list "*) choices="--hash-keys $choices" ;;
          "kinesis leases reset "*) choices="--to --all --yes --force $choices" ;;
          *) choices="--all --yes --force $choices" ;;
        esac
      fi ;;
    "kinesis tail "*) choices="--from --count --until-caught-up --fan-out $connection" ;;
    "kinesis consume "*) choices="--application --leases --worker --from --records --fan-out --poll-interval --exec --exec-keep --format --batch --per-key $connection" ;;
    "kinesis doctor "*) choices="--application --leases --watch --json $connection" ;;
    "kinesis emulate "*) choices="--listen --tls --ca-out --streams --no-limits --credentials --fault --memory --record-log --stream-delay --subscription-lifetime --threads --verbose --help" ;;
    "kinesis demo "*) choices="--rate --chaos --fan-out --help" ;;
    "kinesis completion "*) choices="--help" ;;
    *) choices="put tail consume leases doctor streams emulate demo bench completion --help --version" ;;
  esac
  if [[ $word != -* && ($line == "kinesis put "* || $line == "kinesis demo "*) ]]; then
    COMPREPLY=($(compgen -f -- "$word"))
  else
    COMPREPLY=($(compgen -W "$choices" -- "$word"))
  fi
}
complete -F _kinesis kinesis
)bash";
}

}  // namespace kinesis::tool
